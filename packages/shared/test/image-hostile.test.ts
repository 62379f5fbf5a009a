import { deflateSync } from 'node:zlib';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../src/errors.ts';
import { inspect } from '../src/image/inspect.ts';
import { imageLimits, printOf } from './images/filters.ts';
import { mutations } from './images/mutations.ts';

const refusal = async (bytes: Buffer | string) => {
  const error: unknown = await inspect(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, imageLimits).catch(
    (fault: unknown) => fault,
  );
  expect(error).toBeInstanceOf(Rejected);
  const { status, message } = error as Rejected;
  return `${status} ${message}`;
};

// Grain that is the same in every run, or damage would be another each time.
const grain = Buffer.from(Array.from({ length: 60 * 40 * 3 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 24));
const photo = () => sharp(grain, { raw: { width: 60, height: 40, channels: 3 } }).blur(0.7);

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG of one bit per pixel whose pixels are all 0: small as a file, 256 megapixels when it is opened. */
function bomb(): Buffer {
  const side = 16_000;
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const pixels = deflateSync(Buffer.alloc((side / 8 + 1) * side), { level: 9 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function animation(frames: number): Promise<Buffer> {
  const data = Buffer.from(Array.from({ length: frames }, (_, index) => [index % 256, index >> 8, 0, index % 251, 0, 0]).flat());
  return sharp(data, { raw: { width: 2, height: frames, channels: 3, pageHeight: 1 } })
    .gif({ keepDuplicateFrames: true })
    .toBuffer();
}

describe('refused by the header, before anything is decoded', () => {
  test('a PNG of 31 KB that opens to 256 megapixels', async () => {
    expect(bomb().length).toBeLessThan(64 * 1024);
    expect(await refusal(bomb())).toBe('422 The image has 256 megapixels; at most 50 megapixels can be developed.');
  });

  test('an animation of 600 frames', async () => {
    expect(await refusal(await animation(600))).toBe('422 The animation has 600 frames; at most 200 can be developed.');
  });

  test('the pixels of all frames count', async () => {
    await expect(inspect(await animation(100), { MAX_PIXELS: 199, MAX_FRAMES: 200 })).rejects.toThrow('megapixels');
    await expect(inspect(await animation(100), { MAX_PIXELS: 200, MAX_FRAMES: 200 })).resolves.toMatchObject({ frames: 100 });
  });

  test.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['PDF', '%PDF-1.7\n'],
    ['EPS', '%!PS-Adobe-3.0 EPSF-3.0\n'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['text', 'hello'],
    ['an empty file', ''],
    ['one byte', '\xff'],
  ])('%s, by its content', async (_name, content) => {
    expect(await refusal(content)).toMatch(/^415 This is not an image that can be developed/);
  });
});

test('the type is told by content: an AVIF stays one, whatever its name', async () => {
  expect(await inspect(await photo().avif().toBuffer(), imageLimits)).toMatchObject({ type: 'image/avif', width: 60 });
});

test.each(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)(
  'a %s that breaks off is refused with a sentence',
  async (format) => {
    const whole = await photo().toFormat(format).toBuffer();
    for (const part of [0.1, 0.5, 0.9]) {
      const broken = whole.subarray(0, Math.max(40, Math.floor(whole.length * part)));
      await expect(printOf(broken, 'sepia', { type: 'image/png' })).rejects.toThrow(/^The file (is damaged|cannot be read)/);
    }
  },
);

test('a JPEG whose middle makes no sense is refused, though it goes on to its end', async () => {
  const whole = await photo().jpeg({ quality: 90 }).toBuffer();
  // Ones only (a zero byte after 0xFF is stuffing): the one code that no Huffman table of a JPEG may have.
  const damaged = Buffer.from(whole).fill(Buffer.from([0xff, 0]), whole.length - 300, whole.length - 100);
  for (const filter of ['grayscale', 'sepia'] as const) {
    await expect(printOf(damaged, filter, { type: 'image/jpeg' })).rejects.toThrow('The file is damaged');
  }
});

test('random damage is refused or survived, and never anything else', async () => {
  const types = ['jpeg', 'png', 'webp', 'gif', 'tiff'] as const;
  const originals = await Promise.all(types.map((format) => photo().toFormat(format).toBuffer()));
  let refused = 0;
  for (const damaged of mutations(originals, 150, 1)) {
    for (const filter of ['grayscale', 'sepia'] as const) {
      await printOf(damaged, filter, { type: 'image/jpeg' }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Rejected);
        refused += 1;
      });
    }
  }
  expect(refused).toBeGreaterThan(50);
});
