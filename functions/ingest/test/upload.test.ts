import { imageUploaded } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readBytes, readJson } from '@darkroom/shared/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import sharp from 'sharp';
import { rgb, tiff } from '../../../packages/shared/test/images/tiff.ts';
import type { JobStatus } from '../src/api/job-status.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt, spools } from './support.ts';

let bench: ServerBench;
let png: Buffer;
beforeAll(async () => {
  bench = await openServer();
  png = await photo('png', { width: 30, height: 20 });
});
afterAll(() => bench.close());

const post = (body: FormData | Uint8Array<ArrayBuffer>, query = '', headers: Record<string, string> = {}) =>
  fetch(`${bench.ingest.url}/${query}`, { method: 'POST', body, headers, redirect: 'manual' });
const jobOf = async ({ job }: Receipt) => (await readJson(bench.lab.store, keys.job(job))) as Job;
const accepted = async (response: Response) => {
  expect(response.status).toBe(202);
  return (await response.json()) as Receipt;
};

test('several photos become one job: durable, published once each, with an empty spool', async () => {
  bench.events.length = 0;
  const response = await post(
    formOf(['file', { name: 'a.jpg', bytes: jpeg }], ['email', 'ada@example.org'], ['file', { name: 'b.png', bytes: png }]),
  );
  const receipt = await accepted(response);
  expect(response.headers.get('location')).toBe(`/jobs/${receipt.job}`);
  expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
  expect(receipt).toEqual({
    job: receipt.job,
    status: 'processing',
    revision: 'ingest-v2',
    filters: ['grayscale', 'sepia'],
    archive: true,
    images: [
      { image: '1', name: 'a.jpg', type: 'image/jpeg', bytes: jpeg.length, width: 64, height: 48 },
      { image: '2', name: 'b.png', type: 'image/png', bytes: png.length, width: 30, height: 20 },
    ],
    links: { self: `/jobs/${receipt.job}` },
  });
  const job = await jobOf(receipt);
  expect(job).toMatchObject({ email: 'ada@example.org', options: {}, images: receipt.images });
  expect(await readBytes(bench.lab.store, keys.original(job.job, job.images[0]!))).toEqual(jpeg);
  expect(await readBytes(bench.lab.store, keys.original(job.job, job.images[1]!))).toEqual(png);
  expect(await readJson(bench.lab.store, keys.open(job.job))).toEqual({ acceptedAt: job.acceptedAt });
  expect(await spools(bench.lab)).toEqual([]);
  const sent = bench.events.map((headers) => headers['ce-id']).sort();
  expect(sent).toEqual([imageUploaded(job, '1').id, imageUploaded(job, '2').id]);
  expect(bench.events[0]).toMatchObject({ 'ce-grayscale': 'true', 'ce-sepia': 'true', 'ce-archive': 'true' });
});

test('a photo with more pages or frames than its prints can hold is taken, and receipt and status say so', async () => {
  const pages = tiff([rgb(8, 8), rgb(8, 8), rgb(8, 8)]);
  const film = await sharp(Buffer.from(Array.from({ length: 2 * 8 * 8 * 3 }, (_, at) => (at < 8 * 8 * 3 ? 0 : 255))), {
    raw: { width: 8, height: 16, channels: 3, pageHeight: 8 },
  })
    .gif()
    .toBuffer();
  const files = (name: string, bytes: Buffer): ['file', { name: string; bytes: Buffer }] => ['file', { name, bytes }];
  const form = formOf(['email', 'a@example.org'], files('p.tiff', pages), files('f.gif', film), files('a.jpg', jpeg));
  const receipt = await accepted(await post(form, '?format=jpeg'));
  const notes = [
    'Only the first of 3 pages is developed. To get them all, send each page as a separate file.',
    'Only the first of 2 frames is developed. A JPG print cannot be animated; to keep the animation, keep the format as it is.',
    undefined,
  ];
  expect(receipt.images.map(({ note }) => note)).toEqual(notes);
  expect((await jobOf(receipt)).images.map(({ pictures }) => pictures)).toEqual([3, 2, undefined]);
  const status = (await (await fetch(`${bench.ingest.url}/jobs/${receipt.job}`)).json()) as JobStatus;
  expect(status.images.map(({ note }) => note)).toEqual(notes);

  const moving = await accepted(await post(formOf(['email', 'a@example.org'], files('f.gif', film))));
  expect(moving.images[0]).toMatchObject({ pictures: 2 });
  expect(moving.images[0]).not.toHaveProperty('note');
});

test('fields may come after the photos', async () => {
  const receipt = await accepted(
    await post(
      formOf(['file', { name: 'a.jpg', bytes: jpeg }], ['quality', '70'], ['format', 'webp'], ['email', 'a@example.org']),
    ),
  );
  expect(await jobOf(receipt)).toMatchObject({ email: 'a@example.org', options: { quality: 70, format: 'image/webp' } });
});

test('fields may come in the query, and those of the form win', async () => {
  const form = formOf(['file', { name: 'a.jpg', bytes: jpeg }], ['quality', '']);
  const receipt = await accepted(await post(form, '?email=q@example.org&format=png'));
  expect(await jobOf(receipt)).toMatchObject({ email: 'q@example.org', options: { format: 'image/png' } });
  form.append('email', 'form@example.org');
  form.append('format', 'input');
  const second = await jobOf(await accepted(await post(form, '?email=q@example.org&format=png')));
  expect(second).toMatchObject({ email: 'form@example.org', options: {} });
});

test('a photo may be the body itself', async () => {
  const named = await accepted(
    await post(new Uint8Array(jpeg), '?email=a@example.org&name=d%C3%BCne.jpg', { 'content-type': 'image/jpeg' }),
  );
  expect(named.images).toMatchObject([{ name: 'düne.jpg', bytes: jpeg.length }]);
  const unnamed = await accepted(
    await post(new Uint8Array(png), '?email=a@example.org', { 'content-type': 'application/octet-stream' }),
  );
  expect(unnamed.images).toMatchObject([{ name: 'photo.png', type: 'image/png' }]);
  const disposed = await accepted(
    await post(new Uint8Array(png), '?email=a@example.org', {
      'content-type': 'image/png',
      'content-disposition': "attachment; filename*=UTF-8''caf%C3%A9.png",
    }),
  );
  expect(disposed.images[0]!.name).toBe('café.png');
});

test('a photo is what its bytes are, whatever its name says', async () => {
  const receipt = await accepted(await post(formOf(['file', { name: 'lie.jpg', bytes: png }]), '?email=a@example.org'));
  expect(receipt.images).toMatchObject([{ name: 'lie.jpg', type: 'image/png' }]);
});

test('a name in the query is made safe', async () => {
  const query = `?email=a@example.org&name=${encodeURIComponent('C:\\a\u202e.jpg')}`;
  const receipt = await accepted(await post(new Uint8Array(jpeg), query, { 'content-type': 'image/jpeg' }));
  expect(receipt.images[0]!.name).toBe('a.jpg');
});

test('a name in a form is made safe too', async () => {
  const receipt = await accepted(
    await post(formOf(['email', 'a@example.org'], ['file', { name: '../ü\u202e/日本 x.jpg', bytes: jpeg }])),
  );
  expect(receipt.images[0]!.name).toBe('日本 x.jpg');
});

test('a form that was posted without a script leads to the page of its job', async () => {
  const form = formOf(['email', 'a@example.org'], ['format', ''], ['quality', ''], ['file', { name: 'a.jpg', bytes: jpeg }]);
  const response = await post(form, '', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toMatch(/^\/jobs\/[0-9a-f-]{36}$/);
});

test('exactly as many photos, of exactly as many bytes, as the limits say', async () => {
  const full = Buffer.concat([jpeg, Buffer.alloc(60_000 - jpeg.length)]);
  const file = { name: 'full.jpg', bytes: full };
  const receipt = await accepted(await post(formOf(['file', file], ['file', file], ['file', file], ['email', 'a@example.org'])));
  expect(receipt.images.map(({ bytes }) => bytes)).toEqual([60_000, 60_000, 60_000]);
});
