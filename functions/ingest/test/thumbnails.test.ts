import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { thumbnailWidths } from '../src/api/thumbnail-widths.ts';
import { openServer, type ServerBench } from './server.ts';
import { type Bench, openBench } from './support.ts';

/** One with processes of its own, as it is deployed, and one whose store can be watched. */
let built: Bench;
let bench: ServerBench;
beforeAll(async () => {
  built = await openBench();
  bench = await openServer();
});
afterAll(async () => {
  await built.close();
  await bench.close();
});

const only = (job: Job) => job.images[0] as Photo;
const large = await photo('jpeg', { width: 1290, height: 774 });

async function withPrint(lab: Bench['lab'], bytes = large): Promise<Job> {
  const job = await lab.accept();
  await lab.store.write(keys.print(job, only(job), 'sepia'), bytes);
  return job;
}

test.each(thumbnailWidths)('a print as small as %i pixels, made once and kept', async (width) => {
  const job = await withPrint(built.lab);
  const path = `${built.ingest.url}/jobs/${job.job}/1/sepia.jpg?width=${width}`;
  const many = await Promise.all(Array.from({ length: 5 }, () => fetch(path)));
  expect(many.map(({ status }) => status)).toEqual(Array(5).fill(200));
  const [first, ...others] = await Promise.all(many.map(async (each) => Buffer.from(await each.arrayBuffer())));
  for (const other of others) expect(other.equals(first!)).toBe(true);
  expect(await sharp(first).metadata()).toMatchObject({ format: 'webp', width, height: width * 0.6 });
  expect(many[0]!.headers.get('content-type')).toBe('image/webp');
  const key = keys.thumbnail(job.job, '1', 'sepia', width);
  expect((await built.lab.keys()).filter((each) => each.startsWith(keys.thumbnails(job.job)))).toEqual([key]);
  // What is kept is what is sent.
  await built.lab.store.write(key, Buffer.from('kept'));
  expect(await (await fetch(path)).text()).toBe('kept');
});

test('an original is upright, however the camera was held, and nothing is made larger', async () => {
  const job = await bench.lab.accept();
  const turned = await sharp(await photo('jpeg', { width: 800, height: 400 }))
    .withMetadata({ orientation: 6 })
    .toBuffer();
  await bench.lab.store.write(keys.original(job.job, only(job)), turned);
  const of = async (width: number) =>
    sharp(
      Buffer.from(await (await fetch(`${bench.ingest.url}/jobs/${job.job}/1/original?width=${width}`)).arrayBuffer()),
    ).metadata();
  expect(await of(320)).toMatchObject({ width: 320, height: 640 });
  expect(await of(1280)).toMatchObject({ width: 400, height: 800 });
});

test.each(['1', '321', '', '320.0', '-320', '320px', '99999999'])('no other width: %j', async (width) => {
  const job = await withPrint(bench.lab);
  const response = await fetch(`${bench.ingest.url}/jobs/${job.job}/1/sepia.jpg?width=${width}`);
  expect(await response.json()).toMatchObject({ status: 400, detail: '“width” must be one of 320, 640, 1280.' });
});

test('of a print that is not there, of an archive, and of what is no picture there is none', async () => {
  const job = await withPrint(bench.lab, Buffer.from('nothing to see'));
  const of = (path: string) => fetch(`${bench.ingest.url}/jobs/${job.job}/${path}?width=320`);
  expect((await of('1/grayscale.jpg')).status).toBe(404);
  await bench.lab.store.write(keys.archive(job.job), Buffer.from('zip'));
  expect(await (await of('archive.zip')).json()).toMatchObject({ status: 400, detail: expect.stringMatching(/ZIP/) });
  expect(await (await of('1/sepia.jpg')).json()).toMatchObject({ status: 415, detail: expect.stringMatching(/not an image/) });
  const broken = await withPrint(built.lab, large.subarray(0, 600));
  const response = await fetch(`${built.ingest.url}/jobs/${broken.job}/1/sepia.jpg?width=320`);
  expect(await response.json()).toMatchObject({ status: 422 });
});

test('thumbnails go with their job, and one that comes late is taken back', async () => {
  const job = await withPrint(bench.lab);
  await fetch(`${bench.ingest.url}/jobs/${job.job}/1/sepia.jpg?width=320`);
  expect(await bench.lab.store.stat(keys.thumbnail(job.job, '1', 'sepia', 320))).toBeDefined();
  await removeJob(bench.lab.store, job.job);
  expect((await bench.lab.keys()).filter((key) => key.includes(job.job))).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
});

test('a store that cannot take it is a 503, and says that the picture itself is there', async () => {
  const full = await openServer();
  try {
    const job = await withPrint(full.lab);
    // A file where the folder of thumbnails would be.
    await full.lab.store.write('thumbnails', Buffer.from('in the way'));
    const response = await fetch(`${full.ingest.url}/jobs/${job.job}/1/sepia.jpg?width=320`);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ status: 503 });
    expect((await fetch(`${full.ingest.url}/jobs/${job.job}/1/sepia.jpg`)).status).toBe(200);
  } finally {
    await full.close();
  }
});
