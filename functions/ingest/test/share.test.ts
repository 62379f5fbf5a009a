import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobStatus } from '../src/api/job-status.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

const call = (path: string, method = 'GET', headers = {}) => fetch(bench.ingest.url + path, { method, headers });

async function share(job: string): Promise<string> {
  const response = await call(`/jobs/${job}/share`, 'POST');
  expect(response.status).toBe(200);
  const { job: id, links } = (await response.json()) as { job: string; links: object };
  expect(links).toEqual({ self: `/jobs/${id}`, page: `/?job=${id}` });
  return id;
}

async function printed(): Promise<Job> {
  const job = await bench.lab.accept();
  await bench.lab.store.write(keys.print(job, job.images[0] as Photo, 'sepia'), jpeg);
  return job;
}

test('a shared link shows everything, names the job nowhere, and deletes nothing', async () => {
  const job = await printed();
  const id = await share(job.job);
  expect(id).not.toContain(job.job.slice(0, 8));
  const answer = await call(`/jobs/${id}`);
  const text = await answer.text();
  expect(text).not.toContain(job.job);
  const status = JSON.parse(text) as JobStatus;
  expect(status).toMatchObject({ job: id, mayDelete: false });
  const { original, results } = status.images[0]!;
  const print = results['sepia'] as { href: string };
  for (const path of [original.href, print.href, `${print.href}?width=320`, `${original.href}?download`]) {
    const file = await call(path);
    expect([path, file.status]).toEqual([path, 200]);
    expect(JSON.stringify([...file.headers])).not.toContain(job.job);
    await file.arrayBuffer();
  }
  const page = await (await call(`/jobs/${id}`, 'GET', { accept: 'text/html' })).text();
  expect(page).toContain('Your prints');
  expect(page).not.toContain(job.job);
  const refusal = await call(`/jobs/${id}`, 'DELETE');
  expect(await refusal.json()).toMatchObject({ status: 403, detail: expect.stringContaining('only shows') });
  expect((await call(`/jobs/${job.job}`)).status).toBe(200);
});

test('the same link each time, and none further from a shared one', async () => {
  const { job } = await printed();
  const id = await share(job);
  expect(await share(job)).toBe(id);
  expect(await share(id)).toBe(id);
});

test('a link that was never made leads nowhere, and neither does one whose job was deleted', async () => {
  const { job } = await printed();
  expect((await call(`/jobs/${'a'.repeat(32)}`)).status).toBe(404);
  expect((await call('/jobs/00000000-0000-0000-0000-000000000000/share', 'POST')).status).toBe(404);
  const id = await share(job);
  expect((await call(`/jobs/${job}`, 'DELETE')).status).toBe(204);
  expect((await call(`/jobs/${id}`)).status).toBe(404);
  expect((await bench.lab.keys()).filter((key) => key.startsWith('shares/'))).not.toContain(keys.share(id));
});

test('another website cannot make one', async () => {
  const { job } = await printed();
  expect((await call(`/jobs/${job}/share`, 'POST', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
});
