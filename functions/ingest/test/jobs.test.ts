import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobStatus } from '../src/api/job-status.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

const get = (path: string, headers = {}, method = 'GET') => fetch(bench.ingest.url + path, { method, headers });
async function statusOf(job: Job): Promise<JobStatus> {
  const response = await get(`/jobs/${job.job}`);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const text = await response.text();
  expect(text).not.toContain(job.email);
  return JSON.parse(text) as JobStatus;
}
const write = (key: string, content: Uint8Array) => bench.lab.store.write(key, content);
const only = (job: Job) => job.images[0] as Photo;

test('the status follows what is in the store', async () => {
  const job = await bench.lab.accept({ names: ['holiday.jpg'] });
  expect(await statusOf(job)).toMatchObject({
    job: job.job,
    status: 'processing',
    revision: 'ingest-v2',
    filters: ['grayscale', 'sepia'],
    archive: true,
    acceptedAt: job.acceptedAt,
    completedAt: null,
    images: [
      {
        image: '1',
        name: 'holiday.jpg',
        width: 64,
        height: 48,
        original: { href: `/jobs/${job.job}/1/original.jpg`, type: 'image/jpeg', bytes: jpeg.length },
        results: { grayscale: { status: 'pending' }, sepia: { status: 'pending' } },
      },
    ],
    archiveFile: null,
    mail: { status: 'pending' },
  });

  await write(keys.print(job, only(job), 'grayscale'), jpeg);
  await write(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'It is torn.' }));
  await write(keys.archive(job.job), Buffer.from('PK'));
  const completedAt = new Date().toISOString();
  await write(keys.completed(job.job), json({ status: 'completed', completedAt, mail: 'sent' }));
  const status = await statusOf(job);
  expect(status).toMatchObject({
    status: 'completed',
    completedAt,
    archiveFile: { href: `/jobs/${job.job}/archive.zip`, bytes: 2 },
    mail: { status: 'sent' },
  });
  expect(status.images[0]!.results).toEqual({
    grayscale: { status: 'succeeded', href: `/jobs/${job.job}/1/grayscale.jpg`, type: 'image/jpeg', bytes: jpeg.length },
    sepia: { status: 'rejected', reason: 'It is torn.' },
  });
});

test('each photo has its own prints', async () => {
  const job = await bench.lab.accept({ names: ['a.jpg', 'b.jpg'], filters: ['sepia'] });
  await write(keys.print(job, job.images[1]!, 'sepia'), jpeg);
  const { images, refused, mail } = await statusOf(job);
  expect(images.map(({ results }) => results)).toEqual([
    { sepia: { status: 'pending' } },
    { sepia: { status: 'succeeded', href: `/jobs/${job.job}/2/sepia.jpg`, type: 'image/jpeg', bytes: jpeg.length } },
  ]);
  expect([refused, mail, Object.hasOwn(images[0]!, 'note')]).toEqual([undefined, { status: 'pending' }, false]);
});

test('a mail that failed says why', async () => {
  const job = await bench.lab.accept();
  const completion = {
    status: 'failed',
    completedAt: new Date().toISOString(),
    mail: 'failed',
    mailReason: 'The mailbox is full.',
  };
  await write(keys.completed(job.job), json(completion));
  expect(await statusOf(job)).toMatchObject({ status: 'failed', mail: { status: 'failed', reason: 'The mailbox is full.' } });
});

test('deleting removes every trace but a tombstone', async () => {
  const job = await bench.lab.accept();
  await write(keys.print(job, only(job), 'sepia'), jpeg);
  expect((await get(`/jobs/${job.job}`, {}, 'DELETE')).status).toBe(204);
  expect((await bench.lab.keys()).filter((key) => key.includes(job.job))).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
  expect((await get(`/jobs/${job.job}`)).status).toBe(404);
  expect((await get(`/jobs/${job.job}/1/original.jpg`)).status).toBe(404);
  expect((await get(`/jobs/${job.job}`, {}, 'DELETE')).status).toBe(404);
});

test('a job whose record is damaged says so, and can be deleted', async () => {
  const { job } = await bench.lab.accept();
  await write(keys.job(job), Buffer.from('{"job": "'));
  const answer = await get(`/jobs/${job}`);
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    410,
    expect.stringContaining('damaged'),
  ]);
  expect((await get(`/jobs/${job}`, {}, 'DELETE')).status).toBe(204);
  expect((await get(`/jobs/${job}`)).status).toBe(404);
});
