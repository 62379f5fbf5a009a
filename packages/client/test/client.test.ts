import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, jpeg, openBench } from '../../../functions/ingest/test/support.ts';
import { darkroomClient } from '../src/client.ts';
import { generate, target } from './generate.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const photo = (name: string, bytes: Uint8Array = jpeg) => new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' });

test('its types are those of the interface (else: npm run client)', async () =>
  expect(await readFile(target, 'utf8')).toBe(await generate()));

test('posts photos, follows the job, fetches a file and deletes it all', async () => {
  const client = darkroomClient(bench.ingest.url);
  const posted = await client.POST('/', {
    params: { header: { 'Idempotency-Key': 'mine' } },
    body: { file: [photo('a.jpg'), photo('b.jpg')], email: 'a@example.org', format: 'png', quality: 80 },
  });
  expect(posted.data).toMatchObject({ status: 'processing', filters: ['grayscale', 'sepia'] });
  const path = { job: posted.data!.job };
  const { data: status } = await client.GET('/jobs/{job}', { params: { path } });
  expect(status!.images.map(({ name }) => name)).toEqual(['a.jpg', 'b.jpg']);
  expect(status!.options).toEqual({ format: 'image/png', quality: 80 });
  const picture = await client.GET('/jobs/{job}/{image}/{file}', {
    params: { path: { ...path, image: '1', file: 'original' } },
    parseAs: 'arrayBuffer',
  });
  expect(Buffer.from(picture.data as unknown as ArrayBuffer).equals(jpeg)).toBe(true);
  expect((await client.DELETE('/jobs/{job}', { params: { path } })).response.status).toBe(204);
  const { error } = await client.GET('/jobs/{job}', { params: { path } });
  expect(error).toMatchObject({ status: 404 });
});

test('asks for some of the filters', async () => {
  const client = darkroomClient(bench.ingest.url);
  const posted = await client.POST('/', { body: { file: [photo('a.jpg')], filter: ['sepia'] } });
  expect(posted.data).toMatchObject({ filters: ['sepia'] });
  const { data } = await client.POST('/', { params: { query: { filter: ['grayscale'] } }, body: { file: [photo('a.jpg')] } });
  expect(data).toMatchObject({ filters: ['grayscale'] });
});

test('a refusal is a problem', async () => {
  const { error, response } = await darkroomClient(bench.ingest.url).POST('/', {
    body: { file: [photo('letter.jpg', Buffer.from('Dear lab,'))] },
  });
  expect(response.status).toBe(415);
  expect(error).toMatchObject({ detail: expect.stringContaining('letter.jpg') });
});
