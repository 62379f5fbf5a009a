import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../src/errors.ts';
import { inspect } from '../src/image/inspect.ts';
import { imageLimits, printOf } from './images/filters.ts';
import { pngChunk } from './images/png-chunk.ts';
import { type Entry, tiff } from './images/tiff.ts';
import { mutations } from './images/mutations.ts';

const refusal = async (bytes: Buffer | string) => {
  const error: unknown = await inspect(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, imageLimits).catch(
    (fault: unknown) => fault,
  );
  expect(error).toBeInstanceOf(Rejected);
  const { status, message } = error as Rejected;
  return `${status} ${message}`;
};

// The same grain in every run, so that the damage is the same too.
const grain = Buffer.from(Array.from({ length: 60 * 40 * 3 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 24));
const photo = () => sharp(grain, { raw: { width: 60, height: 40, channels: 3 } }).blur(0.7);

/** A one-bit PNG whose pixels are all 0: a small file that opens to 256 megapixels. */
function bomb(): Buffer {
  const side = 16_000;
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const pixels = deflateSync(Buffer.alloc((side / 8 + 1) * side), { level: 9 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', pixels),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A PNG that ends after its header. */
function png(width: number, height: number, bits: number, colour: number, interlaced: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, bits, colour, 0, 0, interlaced]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc(100))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function bmpHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(1078);
  header.write('BM');
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(8, 28);
  header.writeUInt32LE(1, 30);
  return header;
}

/** 16-bit CMYK. */
const inks = (width: number, height: number): Entry[] => [
  [256, 4, width],
  [257, 4, height],
  [258, 3, 16, 16, 16, 16],
  [259, 3, 8],
  [262, 3, 5],
  [277, 3, 4],
  [278, 4, height],
];

function animation(frames: number): Promise<Buffer> {
  const data = Buffer.from(Array.from({ length: frames }, (_, index) => [index % 256, index >> 8, 0, index % 251, 0, 0]).flat());
  return sharp(data, { raw: { width: 2, height: frames, channels: 3, pageHeight: 1 } })
    .gif({ keepDuplicateFrames: true })
    .toBuffer();
}

describe('refused by its header, before anything is decoded', () => {
  test('a PNG of 31 KB that opens to 256 megapixels', async () => {
    expect(bomb().length).toBeLessThan(64 * 1024);
    expect(await refusal(bomb())).toBe(
      '422 The image has 256 megapixels; at most 50 megapixels can be developed. Send a smaller version of it.',
    );
  });

  test('an animation of 600 frames', async () => {
    expect(await refusal(await animation(600))).toBe(
      '422 The animation has 600 frames; at most 200 can be developed. Send a shorter one.',
    );
  });

  test.each([
    // 390 KB deflated into one strip; 1.8 GB of memory to develop.
    [
      'a TIFF of 50 megapixels of CMYK in 16 bits',
      tiff([inks(7071, 7071)], [], 0),
      /would take \d+ MB of memory to develop; at most 600 MB/,
    ],
    [
      'a WebP of 38 bytes and 50 megapixels',
      Buffer.from('524946461e000000574542505650384c110000002f9e9be70607508fe215b9ff8188e87f0000', 'hex'),
      /would take \d+ MB of memory/,
    ],
    ['a BMP of 50,000,000 x 1', bmpHeader(50_000_000, 1), /50000000 x 1 pixels; no side can be longer than 1000000/],
    ['an interlaced PNG of 16 bits', Buffer.concat([png(7000, 7000, 16, 6, 1)]), /would take \d+ MB of memory/],
  ])('what would take more memory than one photo may have: %s', async (_name, bytes, sentence) => {
    expect(await refusal(bytes)).toMatch(sentence);
  });

  test('a setting says what a photo may cost', async () => {
    const large = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: '#123' } })
      .png()
      .toBuffer();
    await expect(inspect(large, { ...imageLimits, MAX_IMAGE_MEMORY: 30 << 20 })).rejects.toThrow('30 MB is allowed');
    await inspect(large, imageLimits);
    // AVIF takes ten times as much as PNG.
    await expect(inspect(large, { ...imageLimits, MAX_IMAGE_MEMORY: 200 << 20 }, 'image/avif')).rejects.toThrow('as AVIF');
    const hasty = { ...imageLimits, MAX_IMAGE_SECONDS: 1 };
    await inspect(large, hasty);
    await expect(inspect(large, hasty, 'image/avif')).rejects.toThrow(
      'about 2 seconds to develop as AVIF; at most 1 are allowed',
    );
    await expect(printOf(large, 'sepia', { type: 'image/avif' }, hasty)).rejects.toThrow('about 2 seconds');
    await expect(
      printOf(large, 'sepia', { type: 'image/avif' }, { ...imageLimits, MAX_IMAGE_MEMORY: 200 << 20 }),
    ).rejects.toThrow('as AVIF');
  });

  test('pixels are counted over all frames', async () => {
    await expect(inspect(await animation(100), { ...imageLimits, MAX_PIXELS: 199 })).rejects.toThrow('megapixels');
    await expect(inspect(await animation(100), { ...imageLimits, MAX_PIXELS: 200 })).resolves.toMatchObject({ frames: 100 });
  });
});

test('content decides the type: an AVIF is an AVIF, whatever its name', async () => {
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

test('a JPEG whose middle makes no sense is refused, even if its end is there', async () => {
  const whole = await photo().jpeg({ quality: 90 }).toBuffer();
  // All ones (a zero byte after 0xFF is stuffing): the one code that no Huffman table of a JPEG may contain.
  const damaged = Buffer.from(whole).fill(Buffer.from([0xff, 0]), whole.length - 300, whole.length - 100);
  for (const filter of ['grayscale', 'sepia'] as const) {
    await expect(printOf(damaged, filter, { type: 'image/jpeg' })).rejects.toThrow('The file is damaged');
  }
});

test('random damage is either refused or survived', async () => {
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
