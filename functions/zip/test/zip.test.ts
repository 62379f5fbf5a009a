import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { eventType, filterFinished } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readBytes } from '@darkroom/shared/store';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';

let lab: Lab;
let zip: RunningFunction;
beforeAll(async () => {
  lab = await openLab();
  zip = await startFunction('zip', lab.environment);
});
afterAll(async () => {
  await zip.stop();
  await lab.close();
});

/** No print has the bytes of another, so that none can be taken for another. */
async function finish(job: Job, image: string, filter: string) {
  const print = await photo('jpeg', { width: 64 + Number(image), height: 48 + filter.length });
  await lab.store.write(keys.print(job, { image, type: 'image/jpeg' }, filter), print);
}
const announce = (job: Job) => zip.deliver(filterFinished(job, '1', 'sepia', 'succeeded'));

test('waits for the last print, then packs and announces', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  expect(await announce(job)).toMatchObject({ status: 204, reply: undefined });
  await finish(job, '1', 'sepia');
  const { reply } = await announce(job);
  expect(reply).toMatchObject({ type: eventType.archiveCreated, job: job.job });
});

test('the archive holds originals, prints and a manifest whose digests hold', async () => {
  const job = await lab.accept({ names: ['a.jpg', 'A.JPG', '../../etc/passwd', 'con.jpg', 'Łódź 写真.jpeg'] });
  for (const { image } of job.images) {
    await finish(job, image, 'grayscale');
    if (image !== '5') await finish(job, image, 'sepia');
  }
  await lab.store.writeOnce(keys.rejection(job.job, '5', 'sepia'), json({ reason: 'too dark' }));
  await announce(job);
  const bytes = (await readBytes(lab.store, keys.archive(job.job)))!;
  const entries = unzipSync(bytes);
  const manifest = JSON.parse(Buffer.from(entries['manifest.json']!).toString()) as {
    files: { path: string; bytes: number; sha256: string; name: string; made: string }[];
    rejected: { name: string; filter: string; reason: string }[];
  };
  expect(Object.keys(entries).sort()).toEqual([...manifest.files.map(({ path }) => path), 'manifest.json'].sort());
  for (const { path, bytes: size, sha256 } of manifest.files) {
    expect(entries[path]).toHaveLength(size);
    expect(createHash('sha256').update(entries[path]!).digest('hex')).toBe(sha256);
  }
  const sepia = await readBytes(lab.store, keys.print(job, job.images[1]!, 'sepia'));
  expect(sepia!.equals(entries['sepia/A-2.jpg']!)).toBe(true);
  expect(manifest.files.filter(({ made }) => made === 'original').map(({ path }) => path)).toEqual([
    'original/a.jpg',
    'original/A-2.jpg',
    'original/etc-passwd.jpg',
    'original/photo-con.jpg',
    'original/Łódź 写真.jpg',
  ]);
  expect(manifest.rejected).toEqual([{ image: '5', name: 'Łódź 写真.jpeg', filter: 'sepia', reason: 'too dark' }]);
});

const python = spawnSync('python3', ['--version']).status === 0;
test.skipIf(!python)('Python, an independent reader, finds no fault in the archive (skipped without python3)', async () => {
  const job = await lab.accept({ names: ['Łódź 写真.jpeg'], filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await announce(job);
  const read =
    'import io, sys, zipfile; z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())); print(z.testzip(), *z.namelist())';
  const input = (await readBytes(lab.store, keys.archive(job.job)))!;
  const { stdout } = spawnSync('python3', ['-X', 'utf8', '-c', read], { input, encoding: 'utf8' });
  expect(stdout).toBe('None original/Łódź 写真.jpg sepia/Łódź 写真.jpg manifest.json\n');
});

test('the same job gives the same bytes, in any time zone', async () => {
  const job = await lab.accept({ acceptedAt: '2026-07-01T12:00:00.000Z' });
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  await announce(job);
  const first = await readBytes(lab.store, keys.archive(job.job));
  await lab.store.remove(keys.archive(job.job));
  const elsewhere = await startFunction('zip', { ...lab.environment, TZ: 'Asia/Kolkata' });
  await elsewhere.deliver(filterFinished(job, '1', 'sepia', 'succeeded'));
  await elsewhere.stop();
  expect((await readBytes(lab.store, keys.archive(job.job)))?.equals(first!)).toBe(true);
});

test('ten deliveries at once make one archive, and all announce it', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  const replies = await Promise.all(Array.from({ length: 10 }, () => announce(job)));
  expect(replies.map(({ reply }) => reply?.type)).toEqual(Array.from({ length: 10 }, () => eventType.archiveCreated));
});

test('a job without a single print gets no archive, and goes on to its mail', async () => {
  const job = await lab.accept({ filters: ['sepia'] });
  await lab.store.writeOnce(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'damaged' }));
  expect((await announce(job)).reply?.type).toBe(eventType.archiveCreated);
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('a missing original is a passing fault: 500, to be tried again', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  await lab.store.remove(keys.original(job.job, job.images[0]!));
  expect((await announce(job)).status).toBe(500);
  expect((await lab.keys()).filter((key) => key.includes(job.job) && key.endsWith('.zip'))).toEqual([]);
});
