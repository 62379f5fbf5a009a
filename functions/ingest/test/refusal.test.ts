import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { type Bench, formOf, limits, openBench } from './support.ts';

let bench: Bench;
let jpeg: Buffer;
beforeAll(async () => {
  bench = await openBench();
  jpeg = await photo('jpeg');
});
afterAll(() => bench.close());

// Whatever is refused leaves nothing behind, and is announced to nobody.
afterEach(async () => {
  expect(await bench.left()).toEqual([]);
  expect(bench.events).toEqual([]);
});

const good = () => ({ name: 'good.jpg', bytes: jpeg });

async function refused(
  status: number,
  detail: RegExp,
  body: FormData | URLSearchParams | Uint8Array<ArrayBuffer> | string | null,
  query = '?email=a@example.org',
  headers = {},
) {
  const response = await fetch(`${bench.ingest.url}/${query}`, { method: 'POST', body, headers });
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
  const problem = await response.json();
  expect(problem).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.stringMatching(detail),
  });
  expect(response.status).toBe(status);
}

test('no photo', async () => {
  await refused(400, /No photo arrived.*“file”/, formOf(['email', 'a@example.org']));
  await refused(
    400,
    /No photo arrived/,
    formOf(['file', { name: '', bytes: Buffer.alloc(0), type: 'application/octet-stream' }]),
  );
  await refused(400, /No photo arrived/, null);
});

test('a photo in a part of another name', () => refused(400, /“image” holds a file.*“file”/, formOf(['image', good()])));

test('no address, or two of them', async () => {
  await refused(400, /No e-mail address/, formOf(['file', good()]), '');
  await refused(400, /“email” was sent more than once/, formOf(['file', good()], ['email', 'a@b.org'], ['email', 'c@d.org']));
  await refused(400, /more than once/, formOf(['file', good()]), '?email=a@b.org&email=c@d.org');
});

test.each([
  'a@example.org\r\nBcc: victim@example.org',
  'a@example.org\nBcc: victim@example.org',
  'a@example.org,victim@example.org',
  'a@example.org;victim@example.org',
  'victim@example.org, ',
  '"Ada" <a@example.org>',
  '<a@example.org>',
  '"a b"@example.org',
  'a@b@example.org',
  'a@example.org (comment)',
  'a@example.org\u0000',
  'a@example.org\u2028x',
  'a@',
  '@example.org',
  'a@localhost',
  'a@[127.0.0.1]',
  'a@127.0.0.1',
  'a..b@example.org',
  '.a@example.org',
  'a@example..org',
  'a@-example.org',
  'ä@example.org',
  'a@exämple.org',
  `${'a'.repeat(65)}@example.org`,
  `a@${'b'.repeat(60)}.${'c.'.repeat(120)}org`,
])('the address %j', async (address) => {
  await refused(400, /address/, formOf(['file', good()], ['email', address]), '');
});

test.each([
  ['quality', '0'],
  ['quality', '101'],
  ['quality', '1.5'],
  ['quality', 'high'],
  ['quality', '1e1'],
  ['format', 'exe'],
  ['format', 'toString'],
  ['wait', '31'],
  ['wait', '-1'],
  ['wait', 'NaN'],
])('the option %s=%s', (name, value) => refused(400, new RegExp(`“${name}”`), formOf(['file', good()], [name, value])));

test('a field that is far too long', () => refused(400, /“quality” is too long/, formOf(['quality', '1'.repeat(5000)])));

test('what is no form, or a form that ends too early', async () => {
  const type = 'multipart/form-data; boundary=x';
  await refused(400, /could not be read.*multipart\/form-data/, 'hello', undefined, { 'content-type': 'multipart/form-data' });
  await refused(400, /broke off/, '--x\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nabc', undefined, {
    'content-type': type,
  });
});

test('a body of another type', async () => {
  await refused(415, /application\/json cannot be taken\. Send multipart/, '{}', undefined, {
    'content-type': 'application/json',
  });
  await refused(415, /x-www-form-urlencoded/, new URLSearchParams({ email: 'a@example.org' }));
});

test('one byte more than a photo may have', async () => {
  const bytes = Buffer.concat([jpeg, Buffer.alloc(limits.MAX_FILE_BYTES + 1 - jpeg.length)]);
  const detail = /big\.jpg: the file is larger than .* MiB/;
  await refused(413, detail, formOf(['file', good()], ['file', { name: 'big.jpg', bytes }]));
  await refused(413, detail, new Uint8Array(bytes), '?email=a@example.org&name=big.jpg', { 'content-type': 'image/jpeg' });
});

test('one photo more than a post may have', () =>
  refused(413, /More than 3 photos/, formOf(['file', good()], ['file', good()], ['file', good()], ['file', good()])));

test('text called .jpg, by name', () =>
  refused(
    415,
    /notes\.jpg: This is not an image/,
    formOf(['file', good()], ['file', { name: 'notes.jpg', bytes: Buffer.from('hello') }]),
  ));

test('an SVG, which could fetch and run things', () =>
  refused(
    415,
    /not an image/,
    formOf(['file', { name: 'a.png', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') }]),
  ));

test('an empty file', () =>
  refused(422, /void\.jpg: the file is empty/, formOf(['file', { name: 'void.jpg', bytes: Buffer.alloc(0) }])));

test('a header without an image behind it', () =>
  refused(422, /torn\.jpg: The file is damaged/, formOf(['file', { name: 'torn.jpg', bytes: jpeg.subarray(0, 20) }])));

test('too many pixels, or frames', async () => {
  const create = { width: 1001, height: 1000, channels: 3, background: 'red' } as const;
  const wide = await sharp({ create }).png().toBuffer();
  await refused(422, /wide\.png: The image has 1 megapixels; at most 1 /, formOf(['file', { name: 'wide.png', bytes: wide }]));
  const pixels = Buffer.from(Array.from({ length: 4 * 12 * 3 }, (_, index) => (index * 37) % 256));
  const raw = { width: 4, height: 12, channels: 3, pageHeight: 4 } as const;
  const moving = await sharp(pixels, { raw }).gif().toBuffer();
  await refused(422, /m\.gif: The animation has 3 frames/, formOf(['file', { name: 'm.gif', bytes: moving }]));
});

test('the wrong method says which would be right', async () => {
  const paths = {
    '/': 'GET, HEAD, POST',
    '/jobs/x': 'DELETE, GET, HEAD',
    '/jobs/x/1/sepia.jpg': 'GET, HEAD',
    '/metrics': 'GET, HEAD',
  };
  for (const [path, allow] of Object.entries(paths)) {
    const response = await fetch(bench.ingest.url + path, { method: 'PUT', body: 'x' });
    expect([path, response.status]).toEqual([path, 405]);
    expect(response.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allow);
    expect(await response.json()).toMatchObject({ status: 405 });
  }
});

test('an address where nothing is', async () => {
  for (const path of [
    '/nothing',
    '/jobs/',
    '/jobs/..%2f..%2fetc',
    '/jobs/x/y/z',
    '/jobs/%zz',
    '/jobs/00000000-0000-0000-0000-000000000000',
  ]) {
    const response = await fetch(bench.ingest.url + path);
    expect([path, response.status]).toEqual([path, path.includes('%zz') ? 400 : 404]);
    expect(response.headers.get('content-type')).toContain('problem+json');
    expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
  }
});
