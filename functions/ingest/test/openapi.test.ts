import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt } from './support.ts';

interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: object;
}

let bench: ServerBench;
let description: Description;
/** Which answers of which operations were seen. */
const seen = new Set<string>();
beforeAll(async () => {
  bench = await openServer({
    OPTIONS: JSON.stringify({ sepia: { type: 'integer', minimum: 1, maximum: 9 } }),
    CLIENT_REQUESTS: '1',
  });
  description = (await (await fetch(`${bench.ingest.url}/openapi.json`)).json()) as Description;
});
afterAll(() => bench.close());

/** The operation that a request is, most exact path first. */
function operationOf(method: string, path: string): Operation {
  const matches = Object.entries(description.paths).filter(([template, item]) => {
    const pattern = new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return pattern.test(path) && item[method.toLowerCase()];
  });
  const [, item] = matches.toSorted(([one], [other]) => one.split('{').length - other.split('{').length)[0] ?? [];
  if (!item) throw new Error(`${method} ${path} is not described`);
  return item[method.toLowerCase()]!;
}

/** Sends a request, and holds the answer to the description. */
async function call(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const { operationId, responses } = operationOf(method, path.split('?')[0]!);
  const answer = await fetch(bench.ingest.url + path, { method, redirect: 'manual', ...init });
  seen.add(`${operationId} ${answer.status}`);
  const declared = responses[answer.status];
  expect(declared, `${operationId} answered ${answer.status}`).toBeDefined();
  const type = answer.headers.get('content-type')?.split(';')[0];
  const content = declared!.content;
  expect(type === undefined ? [] : Object.keys(content ?? {}), `${operationId} ${answer.status}`).toEqual(
    type === undefined ? [] : expect.arrayContaining([type]),
  );
  if (type?.endsWith('json') && method !== 'HEAD') {
    const body: unknown = await answer.clone().json();
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validate = ajv.compile({ ...content![type]!.schema, components: description.components });
    expect(validate(body), `${operationId}: ${ajv.errorsText(validate.errors)}`).toBe(true);
  }
  return answer;
}

const send = (parts: Parameters<typeof formOf>, headers = {}, query = '') =>
  call('POST', `/${query}`, { body: formOf(...parts), headers });
const photo = (bytes: Uint8Array = jpeg): Parameters<typeof formOf>[0] => ['file', { name: 'a.jpg', bytes }];
const nobody = '00000000-0000-0000-0000-000000000000';

async function printed(): Promise<Job> {
  const job = await bench.lab.accept({ notifyUrl: 'https://shop.example.com/' });
  const [image] = job.images as [Photo];
  await bench.lab.store.write(keys.print(job, image, 'sepia'), jpeg);
  await bench.lab.store.write(keys.rejection(job.job, '1', 'grayscale'), json({ reason: 'It is damaged.' }));
  await bench.lab.store.write(keys.archive(job.job), Buffer.from('zip'));
  await bench.lab.store.write(
    keys.completed(job.job),
    json({ status: 'completed', completedAt: 'now', mail: 'failed', mailReason: 'No.' }),
  );
  return job;
}

test('posts', async () => {
  const { job } = (await (await send([photo(), ['email', 'a@example.org']], { 'idempotency-key': 'one' })).json()) as Receipt;
  await call('GET', `/jobs/${job}`);
  await send([photo()], { accept: 'text/html' });
  await send([photo(), photo(Buffer.from('Dear lab,')), ['sepia', '3']]);
  await call('POST', '/?name=a.jpg', { body: new Uint8Array(jpeg), headers: { 'content-type': 'image/jpeg' } });
  await send([['email', 'nobody'], ['sepia', '10'], photo()]);
  await send([photo()], { 'sec-fetch-site': 'cross-site' });
  await send([photo(), ['revision', 'ingest-v9']]);
  await send([photo(), ['filter', 'sepia'], ['filter', 'grayscale']]);
  await send([photo()], {}, '?filter=invert');
  await send([photo(), photo()], { 'idempotency-key': 'two' });
  await send([photo()], { 'idempotency-key': 'two' });
  await send([photo(Buffer.from('Dear lab,'))]);
  await send([photo(Buffer.concat([jpeg, Buffer.alloc(60_000)]))]);
  await call('DELETE', `/jobs/${job}`);
  await send([photo(), ['email', 'a@example.org']], { 'idempotency-key': 'one' });
});

test('uploads', async () => {
  const version = { 'tus-resumable': '1.0.0' };
  const begin = (headers: Record<string, string> = {}) =>
    call('POST', '/uploads', { headers: { ...version, 'upload-length': String(jpeg.length), ...headers } });
  const proceed = (path: string, headers: Record<string, string> = {}) =>
    call('PATCH', path, {
      body: new Uint8Array(jpeg),
      headers: { ...version, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', ...headers },
    });
  const path = (await begin()).headers.get('location')!;
  for (const headers of [
    { 'upload-length': '-1' },
    { 'upload-length': '60001' },
    { 'sec-fetch-site': 'cross-site' },
    { 'tus-resumable': '' },
  ] as Record<string, string>[])
    await begin(headers);
  for (const at of [path, `/uploads/${nobody}`, '/uploads/x']) {
    await call('OPTIONS', at);
    for (const headers of [version, { 'tus-resumable': '0' }, {}] as Record<string, string>[])
      await call('HEAD', at, { headers });
    for (const headers of [{ 'content-type': 'image/jpeg' }, { 'tus-resumable': '' }, {}, {}, { 'sec-fetch-site': 'cross-site' }])
      await proceed(at, headers);
  }
  await call('OPTIONS', '/uploads');
  await call('POST', `/?upload=${path.split('/').at(-1)}`);
  await call('POST', `/?upload=${path.split('/').at(-1)}`);
  const other = (await begin()).headers.get('location')!;
  await call('POST', `/?upload=${other.split('/').at(-1)}`);
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, {}, version] as Record<string, string>[])
    await call('DELETE', other, { headers });
});

test('jobs', async () => {
  const { job } = await printed();
  for (const path of [`/jobs/${job}`, `/jobs/${nobody}`, '/jobs/x']) {
    await call('GET', path);
    await call('GET', path, { headers: { accept: 'text/html' } });
  }
  const share = (await (await call('POST', `/jobs/${job}/share`)).json()) as { job: string };
  await call('POST', `/jobs/${nobody}/share`);
  await call('POST', `/jobs/${job}/share`, { headers: { 'sec-fetch-site': 'cross-site' } });
  await call('GET', `/jobs/${share.job}`);
  await call('DELETE', `/jobs/${share.job}`);
  await (await call('GET', `/jobs/${job}/events`)).body!.cancel();
  await call('GET', `/jobs/${nobody}/events`);
  await bench.lab.store.write(keys.job(nobody), Buffer.from('{'));
  await call('GET', `/jobs/${nobody}`);
  await call('DELETE', `/jobs/${nobody}`);
  await call('DELETE', `/jobs/${nobody}`);
});

test('files', async () => {
  const { job } = await printed();
  const picture = `/jobs/${job}/1/sepia.jpg`;
  for (const query of ['', '?download', '?width=320', '?width=1']) await call('GET', picture + query);
  const { headers } = await call('GET', picture);
  await call('GET', picture, { headers: { 'if-none-match': headers.get('etag')! } });
  for (const range of ['bytes=0-3', 'bytes=9999999-']) await call('GET', picture, { headers: { range } });
  for (const path of ['1/grayscale.jpg', '9/sepia', '1/x'] as const) await call('GET', `/jobs/${job}/${path}`);
  await call('GET', `/jobs/${job}/archive.zip`);
  await call('GET', `/jobs/${job}/archive.zip?width=320`);
});

test('the rest', async () => {
  await (await call('GET', '/')).text();
  await call('GET', '/openapi.json');
  await call('GET', '/health/readiness');
  await call('GET', '/health/liveness');
});

test('every operation was driven, and each of its answers that is no refusal', () => {
  const operations = Object.values(description.paths).flatMap((item) => Object.values(item));
  const wanted = operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status) => `${operationId} ${status}`),
  );
  // 304 and 206 of the archive are those of pictures, and 307 needs S3.
  const elsewhere = ['getArchive 206', 'getArchive 304', 'getArchive 307', 'getPicture 307', 'getPage 304'];
  const successes = wanted.filter((each) => /[23]\d\d$/.test(each) && !elsewhere.includes(each));
  expect(successes.filter((each) => !seen.has(each))).toEqual([]);
  const refusals = [400, 403, 409, 410, 413, 415, 422].map((status) => `postPhotos ${status}`);
  expect(refusals.filter((each) => !seen.has(each))).toEqual([]);
});

test('each path allows exactly the methods that are described', async () => {
  for (const [path, item] of Object.entries(description.paths)) {
    const answer = await fetch(bench.ingest.url + path.replaceAll(/[{}]/g, ''), { method: 'PUT' });
    expect(answer.status).toBe(405);
    const allowed = answer.headers
      .get('allow')!
      .toLowerCase()
      .split(', ')
      .filter((method) => method !== 'head' || !('get' in item));
    expect([path, allowed.toSorted()]).toEqual([path, Object.keys(item).toSorted()]);
  }
});

test('what can be chosen is described by the schemas that it is read by', () => {
  const { parameters } = description.paths['/']!['post'] as unknown as { parameters: { name: string; schema: object }[] };
  expect(parameters.find(({ name }) => name === 'sepia')!.schema).toEqual({ type: 'integer', minimum: 1, maximum: 9 });
  expect(parameters.find(({ name }) => name === 'filter')!.schema).toMatchObject({ items: { enum: ['grayscale', 'sepia'] } });
  expect(parameters.find(({ name }) => name === 'quality')!.schema).toMatchObject({ minimum: 1, maximum: 100 });
});
