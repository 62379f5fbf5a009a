import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refused } from './refused.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt, until } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  const OPTIONS = JSON.stringify({ blur: { type: 'integer', minimum: 1, maximum: 50, default: 3 } });
  bench = await openServer({ FILTERS: 'grayscale,sepia,blur', OPTIONS });
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const photo: Parameters<typeof formOf>[0] = ['file', { name: 'a.jpg', bytes: jpeg }];
const chosen = (...names: string[]) => names.map((name): [string, string] => ['filter', name]);
const post = (body: FormData, headers = {}, query = '') => fetch(bench.ingest.url + query, { method: 'POST', body, headers });

async function jobOf(response: Response): Promise<Job> {
  const { job } = (await response.json()) as Receipt;
  return (await readJson(bench.lab.store, keys.job(job))) as Job;
}

test('without a choice, all filters make prints', async () => {
  expect(await jobOf(await post(formOf(photo)))).toMatchObject({
    filters: ['grayscale', 'sepia', 'blur'],
    options: { filters: { blur: 3 } },
  });
});

test('a job has the chosen filters alone, in the order of the revision, and its events go to no others', async () => {
  const job = await jobOf(await post(formOf(...chosen('blur', '', 'grayscale', 'blur'), photo, ['blur', '7'])));
  expect(job).toMatchObject({ filters: ['grayscale', 'blur'], options: { filters: { blur: 7 } } });
  await until(() => bench.events.length > 0);
  expect(bench.events).toEqual([expect.objectContaining({ 'ce-grayscale': 'true', 'ce-blur': 'true', 'ce-archive': 'true' })]);
  expect(bench.events[0]).not.toHaveProperty('ce-sepia');
  const status = (await (await fetch(`${bench.ingest.url}/jobs/${job.job}`)).json()) as { images: { results: object }[] };
  expect(status).toMatchObject({ filters: ['grayscale', 'blur'] });
  expect(Object.keys(status.images[0]!.results)).toEqual(['grayscale', 'blur']);
});

test('the choice may be in the query, and what is chosen for others is not kept', async () => {
  const body = new Uint8Array(jpeg);
  const headers = { 'content-type': 'image/jpeg' };
  const response = await fetch(`${bench.ingest.url}/?filter=sepia&blur=7`, { method: 'POST', body, headers });
  const job = await jobOf(response);
  expect([job.filters, job.options]).toEqual([['sepia'], {}]);
});

test.each([
  [[''], 'No filter was chosen. “filter” must name one or more of grayscale, sepia, blur, or be left out for all of them.'],
  [['sepia', 'invert'], 'There is no filter “invert”. “filter” must name one or more of grayscale, sepia, blur'],
])('the choice %j is refused, and what is offered is named', async (names, detail) => {
  await refused(bench, 400, new RegExp(detail), formOf(...chosen(...names), photo));
});

test('with one key, another choice is another post; another order is not', async () => {
  const status = async (...names: string[]) =>
    (await post(formOf(photo, ...chosen(...names)), { 'idempotency-key': 'mine' })).status;
  expect(await status('sepia', 'grayscale')).toBe(202);
  expect(await status('grayscale', 'sepia')).toBe(202);
  expect(await status('sepia')).toBe(422);
  expect(await status()).toBe(422);
});

test('a photo that came in pieces is developed with the chosen filters', async () => {
  const headers = {
    'tus-resumable': '1.0.0',
    'upload-length': String(jpeg.length),
    'content-type': 'application/offset+octet-stream',
  };
  const upload = await fetch(`${bench.ingest.url}/uploads`, { method: 'POST', headers, body: new Uint8Array(jpeg) });
  const id = upload.headers.get('location')!.split('/').at(-1)!;
  expect((await jobOf(await post(formOf(['upload', id], ...chosen('sepia'))))).filters).toEqual(['sepia']);
});
