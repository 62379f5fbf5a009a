import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

const get = (path: string, headers = {}, method = 'GET') => fetch(bench.ingest.url + path, { method, headers });
const write = (key: string, content: Uint8Array) => bench.lab.store.write(key, content);
const only = (job: Job) => job.images[0] as Photo;

test('a file is served with what a browser needs to know, and no more', async () => {
  const job = await bench.lab.accept({ names: ['Łódź "x".jpeg'] });
  await write(keys.print(job, only(job), 'sepia'), jpeg);
  const response = await get(`/jobs/${job.job}/1/sepia.jpg`);
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(jpeg);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-length': String(jpeg.length),
    'content-disposition': expect.stringMatching(/^inline; .*filename\*=UTF-8''%C5%81%C3%B3d%C5%BA%20-x-sepia\.jpg$/),
    'cache-control': 'private, max-age=3600, immutable',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag: expect.stringMatching(/^".+"$/),
  });
  expect((await get(`/jobs/${job.job}/1/sepia`)).status).toBe(200);
  const saved = await get(`/jobs/${job.job}/1/original.jpg?download`);
  expect(saved.headers.get('content-disposition')).toMatch(/^attachment; /);
  await saved.body?.cancel();
});

test('HEAD answers as GET does, without the body', async () => {
  const { job } = await bench.lab.accept();
  const path = `/jobs/${job}/1/original.jpg`;
  const [head, whole] = [await get(path, {}, 'HEAD'), await get(path)];
  const ofConnection = ['date', 'connection', 'keep-alive'];
  const headersOf = ({ headers }: Response) => [...headers].filter(([name]) => !ofConnection.includes(name));
  expect(head.status).toBe(200);
  expect(headersOf(head)).toEqual(headersOf(whole));
  expect((await head.arrayBuffer()).byteLength).toBe(0);
  await whole.arrayBuffer();
  expect((await get(`/jobs/${job}`, {}, 'HEAD')).status).toBe(200);
});

test('a file that the client already has is not sent again', async () => {
  const { job } = await bench.lab.accept();
  const path = `/jobs/${job}/1/original.jpg`;
  const etag = (await get(path, {}, 'HEAD')).headers.get('etag')!;
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const response = await get(path, { 'if-none-match': tag });
    expect([tag, response.status, await response.text()]).toEqual([tag, 304, '']);
  }
  expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
});

test('a part of a file', async () => {
  const { job } = await bench.lab.accept();
  const path = `/jobs/${job}/1/original.jpg`;
  const etag = (await get(path, {}, 'HEAD')).headers.get('etag')!;
  const part = async (range: string, more = {}) => {
    const response = await get(path, { range, ...more });
    return [response.status, response.headers.get('content-range'), Buffer.from(await response.arrayBuffer())];
  };
  const size = jpeg.length;
  expect(await part('bytes=0-9')).toEqual([206, `bytes 0-9/${size}`, jpeg.subarray(0, 10)]);
  expect(await part('bytes=-5')).toEqual([206, `bytes ${size - 5}-${size - 1}/${size}`, jpeg.subarray(-5)]);
  expect(await part('bytes=10-')).toEqual([206, `bytes 10-${size - 1}/${size}`, jpeg.subarray(10)]);
  expect(await part(`bytes=5-${size * 2}`)).toEqual([206, `bytes 5-${size - 1}/${size}`, jpeg.subarray(5)]);
  expect((await part(`bytes=${size}-`)).slice(0, 2)).toEqual([416, `bytes */${size}`]);
  expect(await part('bytes=0-1,4-5')).toEqual([200, null, jpeg]);
  expect(await part('lines=1-2')).toEqual([200, null, jpeg]);
  expect((await part('bytes=0-9', { 'if-range': etag }))[0]).toBe(206);
  expect((await part('bytes=0-9', { 'if-range': '"older"' }))[0]).toBe(200);
});

test('there is an archive where one is made, and otherwise none', async () => {
  for (const archive of [true, false]) {
    const { job } = await bench.lab.accept({ archive });
    await write(keys.archive(job), Buffer.from('PK'));
    const response = await get(`/jobs/${job}/archive.zip`);
    expect([archive, response.status]).toEqual([archive, archive ? 200 : 404]);
    if (archive) expect(response.headers.get('content-type')).toBe('application/zip');
    expect(response.headers.get('content-disposition')).toBe(archive ? 'attachment; filename=darkroom-prints.zip' : null);
    await response.arrayBuffer();
  }
});

test('prints come in the format that was asked for, under their own names', async () => {
  const job = await bench.lab.accept({ names: ['a.jpg'], options: { format: 'image/webp' } });
  await write(keys.print(job, only(job), 'sepia'), jpeg);
  const response = await get(`/jobs/${job.job}/1/sepia.webp?download`);
  expect([response.headers.get('content-type'), response.headers.get('content-disposition')]).toEqual([
    'image/webp',
    'attachment; filename=a-sepia.webp',
  ]);
  await response.arrayBuffer();
  expect((await get(`/jobs/${job.job}/1/sepia.jpg`)).status).toBe(404);
});

test('only what the job expects can be read', async () => {
  const { job } = await bench.lab.accept();
  const paths = [
    'job.json',
    '1/job.json',
    '1/vignette.jpg',
    '2/original.jpg',
    '1/..%2fjob.json',
    '1/sepia.rejected.json',
    'mail.json',
    '',
  ];
  for (const path of paths) expect([path, (await get(`/jobs/${job}/${path}`)).status]).toEqual([path, 404]);
  const pending = await get(`/jobs/${job}/1/sepia.jpg`);
  expect([pending.status, ((await pending.json()) as { detail: string }).detail]).toEqual([
    404,
    expect.stringContaining('not ready yet'),
  ]);
});
