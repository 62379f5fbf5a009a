import sharp from 'sharp';
import { afterAll, beforeAll, test } from 'vitest';
import { refused } from './refused.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, limits } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

const good = () => ({ name: 'good.jpg', bytes: jpeg });

test('no photo', async () => {
  await refused(bench, 400, /No photo arrived.*“file”/, formOf(['email', 'a@example.org']));
  await refused(
    bench,
    400,
    /No photo arrived/,
    formOf(['file', { name: '', bytes: Buffer.alloc(0), type: 'application/octet-stream' }]),
  );
  await refused(bench, 400, /No photo arrived/, null);
});

test('a photo in a part of another name', () => refused(bench, 400, /“image” holds a file.*“file”/, formOf(['image', good()])));

test('what is no form, or a form that ends too early', async () => {
  const type = 'multipart/form-data; boundary=x';
  await refused(bench, 400, /could not be read.*multipart\/form-data/, 'hello', undefined, {
    'content-type': 'multipart/form-data',
  });
  await refused(
    bench,
    400,
    /broke off/,
    '--x\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nabc',
    undefined,
    {
      'content-type': type,
    },
  );
});

test('a body of another type', async () => {
  await refused(bench, 415, /application\/json cannot be accepted\. Send multipart/, '{}', undefined, {
    'content-type': 'application/json',
  });
  await refused(bench, 415, /x-www-form-urlencoded/, new URLSearchParams({ email: 'a@example.org' }));
});

test('one byte more than a photo may have', async () => {
  const bytes = Buffer.concat([jpeg, Buffer.alloc(limits.MAX_FILE_BYTES + 1 - jpeg.length)]);
  const detail = /big\.jpg: the file is larger than .* MiB/;
  await refused(bench, 413, detail, formOf(['file', { name: 'big.jpg', bytes }]));
  await refused(bench, 413, detail, new Uint8Array(bytes), '?email=a@example.org&name=big.jpg', { 'content-type': 'image/jpeg' });
});

test('one photo more than a post may have', () =>
  refused(bench, 413, /More than 3 photos/, formOf(['file', good()], ['file', good()], ['file', good()], ['file', good()])));

test('text called .jpg, by name', () =>
  refused(bench, 415, /notes\.jpg: This is not an image/, formOf(['file', { name: 'notes.jpg', bytes: Buffer.from('hello') }])));

test('an SVG, which could fetch and run things', () =>
  refused(
    bench,
    415,
    /an SVG drawing/,
    formOf(['file', { name: 'a.png', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') }]),
  ));

test('an empty file', () =>
  refused(bench, 422, /void\.jpg: the file is empty/, formOf(['file', { name: 'void.jpg', bytes: Buffer.alloc(0) }])));

test('a header without an image behind it', () =>
  refused(bench, 422, /torn\.jpg: The file is damaged/, formOf(['file', { name: 'torn.jpg', bytes: jpeg.subarray(0, 20) }])));

test('too many pixels, or frames', async () => {
  const create = { width: 1001, height: 1000, channels: 3, background: 'red' } as const;
  const wide = await sharp({ create }).png().toBuffer();
  await refused(
    bench,
    422,
    /wide\.png: The image has 1 megapixels; at most 1 /,
    formOf(['file', { name: 'wide.png', bytes: wide }]),
  );
  const pixels = Buffer.from(Array.from({ length: 4 * 12 * 3 }, (_, index) => (index * 37) % 256));
  const raw = { width: 4, height: 12, channels: 3, pageHeight: 4 } as const;
  const moving = await sharp(pixels, { raw }).gif().toBuffer();
  await refused(bench, 422, /m\.gif: The animation has 3 frames/, formOf(['file', { name: 'm.gif', bytes: moving }]));
});
