import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readBytes, readJson } from '@darkroom/shared/store';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterEach(() => bench.clear());
afterAll(() => bench.close());

interface Form {
  disposition?: string;
  headers?: string[];
  bytes?: string | Buffer;
  end?: string;
  lines?: string;
}

/** A form as other clients write it, by hand. */
function form({
  disposition = 'form-data; name="file"; filename="a.jpg"',
  headers = [],
  bytes = jpeg,
  end = '--B--',
  lines,
}: Form = {}) {
  const nl = lines ?? '\r\n';
  const head = ['--B', 'Content-Disposition: form-data; name="email"', '', 'part@example.com'];
  const part = ['--B', `Content-Disposition: ${disposition}`, 'Content-Type: image/jpeg', ...headers, '', ''];
  return Buffer.concat([Buffer.from([...head, ...part].join(nl)), Buffer.from(bytes), Buffer.from(`${nl}${end}${nl}`)]);
}

const post = (body: Buffer, headers: Record<string, string> = {}) =>
  fetch(bench.ingest.url, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=B', ...headers },
    body: new Uint8Array(body),
  });

/** Some clients give each part a type. */
const typed = (type: string, value: string, { name = 'quality', headers = [] as string[] } = {}) =>
  Buffer.from(
    ['--B', `Content-Disposition: form-data; name="${name}"`, `Content-Type: ${type}`, ...headers, '', value, ''].join('\r\n'),
  );
const json = (value: string) => typed('application/json', value);
const base64 = () => jpeg.toString('base64').replaceAll(/.{76}/g, '$&\r\n');
const quoted = () =>
  [...jpeg]
    .map((byte, index) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}${index % 20 === 19 ? '=\r\n' : ''}`)
    .join('');

test.each<[string, () => Form, string]>([
  ['as browsers do', () => ({}), 'a.jpg'],
  ['without quotes', () => ({ disposition: 'form-data; name=file; filename=a.jpg' }), 'a.jpg'],
  ['in capitals', () => ({ disposition: 'Form-Data; NAME="file"; FILENAME="a.jpg"' }), 'a.jpg'],
  ['with an escaped quote', () => ({ disposition: 'form-data; name="file"; filename="a\\"b.jpg"' }), 'a"b.jpg'],
  [
    'as .NET does',
    () => ({ disposition: `form-data; name=file; filename="=?utf-8?B?WsO8cmljaC5qcGc=?="; filename*=utf-8''Z%C3%BCrich.jpg` }),
    'Zürich.jpg',
  ],
  ['with filename* alone', () => ({ disposition: `form-data; name="file"; filename*=UTF-8''caf%C3%A9.jpg` }), 'café.jpg'],
  ['without a file name', () => ({ disposition: 'form-data; name="file"' }), 'photo.jpg'],
  ['with an empty file name', () => ({ disposition: 'form-data; name="file"; filename=""' }), 'photo.jpg'],
  ['in base64', () => ({ headers: ['Content-Transfer-Encoding: base64'], bytes: base64() }), 'a.jpg'],
  ['in quoted-printable', () => ({ headers: ['Content-Transfer-Encoding: Quoted-Printable'], bytes: quoted() }), 'a.jpg'],
  ['in binary', () => ({ headers: ['Content-Transfer-Encoding: binary'] }), 'a.jpg'],
  ['with words after the end', () => ({ end: '--B--\r\nThat was all.' }), 'a.jpg'],
])('a photo %s is taken, to the byte', async (_how, parts, name) => {
  const response = await post(form(parts()));
  expect(response.status).toBe(202);
  const { job, images } = (await response.json()) as Receipt;
  expect(images).toMatchObject([{ name, bytes: jpeg.length }]);
  const stored = (await readJson(bench.lab.store, keys.job(job))) as Job;
  expect(await readBytes(bench.lab.store, keys.original(job, stored.images[0]!))).toEqual(jpeg);
});

test.each<[string, () => Buffer, Record<string, string>, number, RegExp]>([
  ['a form in gzip', () => gzipSync(form()), { 'content-encoding': 'gzip' }, 415, /Content-Encoding “gzip” cannot be read/],
  ['a part in gzip', () => form({ headers: ['Content-Encoding: gzip'], bytes: gzipSync(jpeg) }), {}, 415, /a\.jpg: .*gzip/],
  [
    'an unknown encoding',
    () => form({ headers: ['Content-Transfer-Encoding: uuencode'] }),
    {},
    415,
    /a\.jpg: .*“uuencode” is unknown/,
  ],
  ['lines that end in LF', () => form({ lines: '\n' }), {}, 400, /no part in the form.*CRLF/],
  [
    'another boundary',
    () => form(),
    { 'content-type': 'multipart/form-data; boundary=C' },
    400,
    /no part in the form: the boundary/,
  ],
  ['no boundary', () => form(), { 'content-type': 'multipart/form-data' }, 400, /could not be read/],
  ['no end', () => form({ end: '' }), {}, 400, /broke off: the boundary that closes it is missing/],
  ['a part without a name', () => form({ disposition: 'form-data; filename="a.jpg"' }), {}, 400, /The part “” holds a file/],
  [
    'a photo under another name',
    () => form({ disposition: 'form-data; name="photo"; filename="a.jpg"' }),
    {},
    400,
    /“photo” holds a file.*“file”/,
  ],
  ['a reserved name', () => form({ disposition: 'form-data; name="constructor"' }), {}, 400, /reserved name/],
  ['a wrong value in a field that calls itself JSON', () => Buffer.concat([json('high'), form()]), {}, 400, /“quality” must be/],
  [
    'a long field that calls itself JSON',
    () => Buffer.concat([json('1'.repeat(1001)), form()]),
    {},
    400,
    /“quality” is too long/,
  ],
  [
    'a field of 1000 bytes that calls itself JSON',
    () => Buffer.concat([json('1'.repeat(1000)), form()]),
    {},
    400,
    /“quality” must/,
  ],
  ['a value with a sign', () => Buffer.concat([field('7bit', '7=0'), form()]), {}, 400, /“quality” must be/],
  [
    'bytes under another name',
    () => Buffer.concat([typed('application/octet-stream', 'x', { name: 'photo' }), form()]),
    {},
    400,
    /“photo” holds a file/,
  ],
  [
    'multipart/mixed',
    () => form(),
    { 'content-type': 'multipart/mixed; boundary=B' },
    415,
    /multipart\/mixed cannot be accepted/,
  ],
])('%s is named', async (_what, body, headers, status, detail) => {
  const response = await post(body(), headers);
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
    status,
    expect.stringMatching(detail),
  ]);
  if (headers['content-encoding']) expect(response.headers.get('accept-encoding')).toBe('identity');
  expect(await bench.left()).toEqual([]);
});

test.each([
  ['application/json; charset=utf-8', '70', []],
  ['application/json', 'NzA=', ['Content-Transfer-Encoding: base64']],
])('a field of type %s is a field', async (type, value, headers) => {
  const response = await post(Buffer.concat([typed(type, value, { headers }), form()]));
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect((await readJson(bench.lab.store, keys.job(job))) as Job).toMatchObject({ options: { quality: 70 } });
});

/** A field of a form, as its bytes are sent. */
const field = (encoding: string, value: string) =>
  Buffer.from(
    ['--B', 'Content-Disposition: form-data; name="quality"', `Content-Transfer-Encoding: ${encoding}`, '', value, ''].join(
      '\r\n',
    ),
  );

test.each([
  ['base64', 'NzA=', 70],
  ['quoted-printable', '70', 70],
  ['7bit', '70', 70],
])('a field in %s is understood', async (encoding, value, quality) => {
  const response = await post(Buffer.concat([field(encoding, value), form()]));
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect((await readJson(bench.lab.store, keys.job(job))) as Job).toMatchObject({ options: { quality } });
});

test('one whose value is quoted is not', async () => {
  const response = await post(Buffer.concat([field('quoted-printable', '=37=30'), form()]));
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
    400,
    expect.stringContaining('“quality” is too long, or is not plain text'),
  ]);
});

test('a form may have fifty fields and one for each photo, and is refused with more', async () => {
  const send = (count: number, photos = 1) => {
    const fields = Array.from({ length: count }, (_, index): [string, string] => [`field ${index}`, 'x']);
    const files = Array.from({ length: photos }, (): ['file', { name: string; bytes: Buffer }] => [
      'file',
      { name: 'a.jpg', bytes: jpeg },
    ]);
    const body = formOf(['email', 'a@example.org'], ...fields, ...files);
    return fetch(bench.ingest.url, { method: 'POST', body });
  };
  expect((await send(52, 3)).status).toBe(202);
  expect(((await (await send(52, 4)).json()) as { detail: string }).detail).toMatch(/More than 3 photos/);
  const response = await send(53);
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
    413,
    expect.stringContaining('too many parts'),
  ]);
  const fields = Array.from({ length: 54 }, (_, index): [string, string] => [`field ${index}`, 'x']);
  const without = await fetch(bench.ingest.url, { method: 'POST', body: formOf(...fields) });
  expect([without.status, ((await without.json()) as { detail: string }).detail]).toEqual([
    413,
    expect.stringContaining('too many parts'),
  ]);
});

test.each(['Multipart/Form-Data; boundary=B', 'multipart/form-data ;boundary=B'])('%s is a form', async (type) => {
  expect((await post(form(), { 'content-type': type })).status).toBe(202);
});

test.each(['IMAGE/PNG; charset=binary', 'application/octet-stream', 'image/x-unknown'])('%s is a photo', async (type) => {
  const body = new Uint8Array(jpeg);
  const url = `${bench.ingest.url}/?email=a@example.org`;
  expect((await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })).status).toBe(202);
});

test('one bad photo of several is refused by itself, and the others are developed', async () => {
  const heic = Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(60)]);
  const body = formOf(
    ['file', { name: 'a.jpg', bytes: jpeg }],
    ['file', { name: 'IMG_1.HEIC', bytes: heic }],
    ['email', 'a@example.org'],
    ['file', { name: 'b.jpg', bytes: jpeg }],
  );
  const response = await fetch(bench.ingest.url, { method: 'POST', body });
  expect(response.status).toBe(202);
  const receipt = (await response.json()) as Receipt & { refused: unknown };
  expect(receipt.images.map(({ image, name }) => [image, name])).toEqual([
    ['1', 'a.jpg'],
    ['2', 'b.jpg'],
  ]);
  const refused = [{ name: 'IMG_1.HEIC', reason: expect.stringMatching(/./) }];
  expect(receipt.refused).toEqual(refused);
  const status = (await (await fetch(`${bench.ingest.url}/jobs/${receipt.job}`)).json()) as { refused: unknown };
  expect(status.refused).toEqual(refused);
  expect((await readJson(bench.lab.store, keys.job(receipt.job))) as Job).toMatchObject({ refused });
  expect(bench.events).toHaveLength(2);
});

test('a file that is far too large is read past, and the next one is taken', async () => {
  const body = formOf(
    ['email', 'a@example.org'],
    ['file', { name: 'big.jpg', bytes: Buffer.concat([jpeg, Buffer.alloc(2_000_000)]) }],
    ['file', { name: 'b.jpg', bytes: jpeg }],
  );
  const response = await fetch(bench.ingest.url, { method: 'POST', body });
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({
    images: [{ name: 'b.jpg' }],
    refused: [{ name: 'big.jpg', reason: expect.stringContaining('larger than') }],
  });
});

test('where all photos are bad, each is named', async () => {
  const body = formOf(
    ['email', 'a@example.org'],
    ['file', { name: 'a.txt', bytes: Buffer.from('hello') }],
    ['file', { name: 'b.jpg', bytes: jpeg.subarray(0, 20) }],
  );
  const response = await fetch(bench.ingest.url, { method: 'POST', body });
  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
    422,
    expect.stringMatching(/a\.txt: .*b\.jpg: The file is damaged/),
  ]);
  expect(await bench.left()).toEqual([]);
});

test('no log names an address, a file or a query', async () => {
  await post(form({ disposition: 'form-data; name="file"; filename="secret-name.jpg"' }));
  await fetch(`${bench.ingest.url}/?email=secret@example.org`, {
    method: 'POST',
    body: 'x',
    headers: { 'content-type': 'image/png' },
  });
  await fetch(`${bench.ingest.url}/?email=secret,secret@example.org`, { method: 'POST' });
  await fetch(`${bench.ingest.url}/jobs/not-an-id?email=secret@example.org`);
  const socket = connect(Number(new URL(bench.ingest.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end('POST /?email=secret@example.org HTTP/1.1\r\nno colon\r\n\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1.1 400/);
  // What is refused is no fault.
  expect(bench.ingest.output()).toMatch(/refused method=POST route=\/ status=400/);
  expect(bench.ingest.output()).not.toMatch(/failed|error=|secret|part@|not-an-id|\?/);
});
