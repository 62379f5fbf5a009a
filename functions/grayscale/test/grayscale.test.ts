import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventType, imageUploaded } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab } from '../../../packages/shared/test/support/lab.ts';
import { childrenOf } from '../../../packages/shared/test/support/processes.ts';

let lab: Lab;
let grayscale: RunningFunction;
beforeAll(async () => {
  lab = await openLab();
  grayscale = await startFunction('grayscale', lab.environment);
});
afterAll(async () => {
  await grayscale.stop();
  await lab.close();
});

test('the log says when the function listens, and how long that took from the start of its process', async () => {
  await expect.poll(() => grayscale.output()).toMatch(/^listening port=\d+ metricsPort=\d+ booted=\d+ ms=\d+$/m);
  const [, booted, ms] = /booted=(\d+) ms=(\d+)/.exec(grayscale.output())!;
  expect(Number(booted)).toBeGreaterThan(0);
  expect(Number(ms)).toBeGreaterThan(Number(booted));
});

test('a repeat publishes the print again, but does not make it again', async () => {
  const job = await lab.accept();
  const finished = { type: eventType.filterFinished, job: job.job, image: '1', filter: 'grayscale', outcome: 'succeeded' };
  const first = await grayscale.deliver(imageUploaded(job, '1'));
  expect(first.reply).toMatchObject(finished);
  // Without the original, no print can be made.
  await lab.store.remove(keys.original(job.job, job.images[0]!));
  const { reply } = await grayscale.deliver(imageUploaded(job, '1'));
  expect(reply).toMatchObject({ ...finished, id: first.reply!.id });
});

test('the store knows when it last made a print, whatever it has published again', async () => {
  const noted = async () => (await lab.store.stat(keys.made('grayscale'))) !== undefined;
  await lab.store.remove(keys.made('grayscale'));
  const job = await lab.accept({ names: ['a.jpg', 'b.jpg'] });
  await lab.store.write(keys.print(job, job.images[0]!, 'grayscale'), Buffer.from('print'));
  const another = await startFunction('grayscale', lab.environment);
  await another.deliver(imageUploaded(job, '1'));
  expect(await noted()).toBe(false);
  await another.deliver(imageUploaded(job, '2'));
  expect(await noted()).toBe(true);
  await another.stop();
});

test('the mail of a job shows the print of its first photo by its first filter; without a mail there is nothing to show', async () => {
  const cover = async (job: Job) => (await lab.store.stat(keys.cover(job.job))) !== undefined;
  const job = await lab.accept({ names: ['a.jpg', 'b.jpg'] });
  await grayscale.deliver(imageUploaded(job, '2'));
  expect(await cover(job)).toBe(false);
  await grayscale.deliver(imageUploaded(job, '1'));
  expect(await cover(job)).toBe(true);
  for (const changes of [{ email: '' }, { filters: ['sepia', 'grayscale'] }]) {
    const other = await lab.accept(changes);
    expect((await grayscale.deliver(imageUploaded(other, '1'))).reply).toMatchObject({ outcome: 'succeeded' });
    expect(await cover(other)).toBe(false);
  }
});

test('an event that is delivered twice at once makes one print', async () => {
  const job = await lab.accept();
  const before = grayscale.output().match(/emitted/g)?.length ?? 0;
  const answers = await Promise.all([1, 2, 3].map(() => grayscale.deliver(imageUploaded(job, '1'))));
  expect(answers.map(({ reply }) => reply?.['outcome'])).toEqual(['succeeded', 'succeeded', 'succeeded']);
  await expect.poll(() => (grayscale.output().match(/emitted/g)?.length ?? 0) - before).toBe(3);
});

test('the photo is not blamed for a full store: 503, and the print is made once there is room', async () => {
  const job = await lab.accept();
  const drafts = join(lab.environment['STORE_URL']!.replace('file:', ''), '.tmp');
  // A file is where drafts should be: nothing can be written, as on a full disk.
  await rm(drafts, { recursive: true });
  await writeFile(drafts, '');
  expect((await grayscale.deliver(imageUploaded(job, '1'))).status).toBe(503);
  expect(await lab.store.stat(keys.rejection(job.job, '1', 'grayscale'))).toBeUndefined();
  await rm(drafts);
  expect((await grayscale.deliver(imageUploaded(job, '1'))).reply).toMatchObject({ outcome: 'succeeded' });
});

test('a print that was given up is reported as rejected, and not made after all', async () => {
  const job = await lab.accept();
  await lab.store.writeOnce(keys.rejection(job.job, '1', 'grayscale'), json({ reason: 'too dark' }));
  const { reply } = await grayscale.deliver(imageUploaded(job, '1'));
  expect(reply).toMatchObject({ type: eventType.filterFinished, outcome: 'rejected' });
  expect(await lab.store.stat(keys.print(job, job.images[0]!, 'grayscale'))).toBeUndefined();
});

test('a job that was deleted, or never asked for this filter, is not retried', async () => {
  const others = await lab.accept({ filters: ['sepia'] });
  expect(await grayscale.deliver(imageUploaded(others, '1'))).toMatchObject({ status: 204, reply: undefined });
  const job = await lab.accept();
  await lab.store.remove(keys.job(job.job));
  expect(await grayscale.deliver(imageUploaded(job, '1'))).toMatchObject({ status: 204, reply: undefined });
});

test('liveness and readiness show when workers cannot be started, and when they can again', async () => {
  // A copy whose program goes missing, so that it cannot be started once more.
  const copy = await mkdtemp(join(import.meta.dirname, '../dist-copy-'));
  await cp(join(import.meta.dirname, '../dist'), join(copy, 'dist'), { recursive: true });
  const broken = await startFunction(copy, { ...lab.environment, WORKERS: '1' });
  const program = join(copy, 'dist/index.mjs');
  const health = async () =>
    Promise.all(['liveness', 'readiness'].map(async (probe) => (await fetch(`${broken.url}/health/${probe}`)).status));
  try {
    const job = await lab.accept();
    expect((await broken.deliver(imageUploaded(job, '1'))).reply).toMatchObject({ outcome: 'succeeded' });
    expect(await health()).toEqual([200, 200]);
    await rename(program, `${program}.gone`);
    for (const worker of childrenOf(broken.pid)) process.kill(worker, 'SIGKILL');
    for (let time = 0; time < 4; time += 1)
      expect((await broken.deliver(imageUploaded(await lab.accept(), '1'))).status).toBe(503);
    expect(await health()).toEqual([503, 503]);
    await rename(`${program}.gone`, program);
    await expect.poll(health).toEqual([200, 200]);
    expect((await broken.deliver(imageUploaded(await lab.accept(), '1'))).reply).toMatchObject({ outcome: 'succeeded' });
  } finally {
    await broken.stop();
    await rm(copy, { recursive: true });
  }
});
