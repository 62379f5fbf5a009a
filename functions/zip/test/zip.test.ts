import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { eventType, filterFinished } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readBytes, readJson } from '@darkroom/shared/store';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
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

/** No two prints have equal bytes, so that none can be mistaken for another. */
async function finish(job: Job, image: string, filter: string) {
  const print = await photo('jpeg', { width: 64 + Number(image), height: 48 + filter.length });
  await lab.store.write(keys.print(job, { image, type: 'image/jpeg' }, filter), print);
}
const deliverLastPrint = (job: Job) => zip.deliver(filterFinished(job, '1', 'sepia', 'succeeded'));

test('waits for the last print, then packs and publishes', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  expect(await deliverLastPrint(job)).toMatchObject({ status: 204, reply: undefined });
  await finish(job, '1', 'sepia');
  const { reply } = await deliverLastPrint(job);
  expect(reply).toMatchObject({ type: eventType.archiveCreated, job: job.job });
  const archive = (await readBytes(lab.store, keys.archive(job.job)))!;
  expect(Object.keys(unzipSync(archive))).toEqual([
    'original/photo.jpg',
    'grayscale/photo.jpg',
    'sepia/photo.jpg',
    'manifest.json',
  ]);
});

test('the same job gives the same bytes, in any time zone', async () => {
  const job = await lab.accept({ acceptedAt: '2026-07-01T12:00:00.000Z' });
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  await deliverLastPrint(job);
  const first = await readBytes(lab.store, keys.archive(job.job));
  await lab.store.remove(keys.archive(job.job));
  const elsewhere = await startFunction('zip', { ...lab.environment, TZ: 'Asia/Kolkata' });
  await elsewhere.deliver(filterFinished(job, '1', 'sepia', 'succeeded'));
  await elsewhere.stop();
  expect((await readBytes(lab.store, keys.archive(job.job)))?.equals(first!)).toBe(true);
});

test('of ten deliveries at once, one packs the archive and publishes it', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  const replies = await Promise.all(Array.from({ length: 10 }, () => deliverLastPrint(job)));
  expect(replies.map(({ status }) => status).every((status) => status === 200 || status === 204)).toBe(true);
  expect(replies.some(({ reply }) => reply?.type === eventType.archiveCreated)).toBe(true);
  expect(await lab.store.stat(keys.archive(job.job))).toBeDefined();
});

test('a job without a single print gets no archive, and goes on to its mail', async () => {
  const job = await lab.accept({ filters: ['sepia'] });
  await lab.store.writeOnce(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'damaged' }));
  expect((await deliverLastPrint(job)).reply?.type).toBe(eventType.archiveCreated);
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('an original that is damaged ends the archive with a sentence, and the job goes on: no retry brings it back', async () => {
  const job = await lab.accept({ names: ['holiday.jpg'], filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await lab.store.remove(keys.original(job.job, job.images[0]!));
  expect((await deliverLastPrint(job)).reply?.type).toBe(eventType.archiveCreated);
  expect(await readJson(lab.store, keys.archiveRejection(job.job))).toMatchObject({
    reason: expect.stringContaining('holiday.jpg is damaged'),
  });
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('a job that was deleted gets no archive', async () => {
  const job = await lab.accept({ filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await lab.store.write(keys.gone(job.job), json({}));
  expect(await deliverLastPrint(job)).toMatchObject({ status: 204, reply: undefined });
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('an event whose record cannot be read is not retried', async () => {
  const job = await lab.accept();
  await lab.store.write(keys.job(job.job), Buffer.from('{"job": "'));
  expect((await deliverLastPrint(job)).status).toBe(410);
});

test('without a temporary folder that can be written it does not start, and says what to do', async () => {
  await expect(startFunction('zip', { ...lab.environment, TMPDIR: '/proc/sys' })).rejects.toThrow(
    /^zip ended with 1: Archives cannot be packed: the temporary folder \/proc\/sys cannot be written \(.+\)\. Mount/,
  );
});

test('what an earlier life left in the temporary folder is cleared away at the start; what others have there is not', async () => {
  const folder = `${lab.environment['TMPDIR']}/again`;
  const bundle = resolve(import.meta.dirname, '../dist');
  const script = `mkdir -p ${folder}/darkroom-archive-$$-left ${folder}/darkroom-archive-0-other; exec ${process.execPath} index.mjs`;
  const PORT = String(await freePort());
  const child = spawn('sh', ['-c', script], { cwd: bundle, env: { ...lab.environment, PORT, TMPDIR: folder } });
  await expect.poll(async () => (await fetch(`http://127.0.0.1:${PORT}/health/readiness`)).ok).toBe(true);
  expect(await readdir(folder)).toEqual(['darkroom-archive-0-other']);
  child.kill();
  await once(child, 'exit');
});
