import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { costOf } from '../src/image/cost.ts';
import { formats, printType } from '../src/image/formats.ts';
import type { Header } from '../src/image/header.ts';

const MiB = 1024 * 1024;

const jpeg: Header = {
  type: 'image/jpeg',
  width: 6000,
  height: 4000,
  frames: 1,
  pictures: 1,
  orientation: 1,
  model: 'srgb',
  alpha: false,
  depth: 'uchar',
  bands: 3,
  interlaced: false,
  samplesPerPixel: 1.5,
  tile: 0,
};
const png: Header = { ...jpeg, type: 'image/png' };
const inks = { model: 'cmyk', bands: 4 };
const alpha = { alpha: true, bands: 4 };

/** The photos in the table of docs/images.md, by its first column. */
const photos: Record<string, Header> = {
  JPEG: jpeg,
  'JPEG, progressive, half chroma': { ...jpeg, interlaced: true },
  'JPEG, progressive, full chroma': { ...jpeg, interlaced: true, samplesPerPixel: 3 },
  'JPEG, on its side': { ...jpeg, orientation: 6 },
  'JPEG, CMYK': { ...jpeg, ...inks },
  PNG: png,
  'PNG, interlaced': { ...png, interlaced: true },
  'PNG, 16 bits and alpha': { ...png, ...alpha, model: 'rgb16', depth: 'ushort' },
  'TIFF, tiles': { ...jpeg, type: 'image/tiff', tile: 6000 * 256 * 3 },
  'TIFF, CMYK': { ...jpeg, ...inks, type: 'image/tiff' },
  'TIFF, CMYK of 16 bits, one strip': { ...jpeg, ...inks, type: 'image/tiff', depth: 'ushort' },
  GIF: { ...jpeg, type: 'image/gif' },
  'WebP with alpha': { ...jpeg, ...alpha, type: 'image/webp' },
  AVIF: { ...jpeg, type: 'image/avif' },
  'AVIF with alpha': { ...jpeg, ...alpha, type: 'image/avif' },
  'BMP, 24 bits': { ...jpeg, type: 'image/bmp' },
  'HEIC, tiles of 512 x 512': { ...jpeg, type: 'image/heic', tile: 512 * 512 * 3 },
  'HEIC, in one piece': { ...jpeg, type: 'image/heic', tile: 24e6 * 3 },
  'HEIC, tiles, 10 bits': { ...jpeg, type: 'image/heic', depth: 'ushort', tile: 512 * 512 * 4 },
  'HEIC, in one piece, 10 bits': { ...jpeg, type: 'image/heic', depth: 'ushort', tile: 24e6 * 4 },
  'HEIC with alpha': { ...jpeg, ...alpha, type: 'image/heic', tile: 24e6 * 3 },
};

/** What was measured, and what is estimated, in MiB; NaN where there is no such way. */
const rows = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/images.md'), 'utf8').matchAll(/^\| ([A-Z].*?) *\|([\d |]+)\|$/gm),
]
  .map(([, name, cells]) => [name!, ...cells!.split('|').map((cell) => Number(cell.trim() || NaN))] as [string, ...number[]])
  .filter(([, ...cells]) => cells.length === 4);

test('the table has every photo', () => expect(rows.map(([name]) => name)).toEqual(Object.keys(photos)));

describe.each(rows)('%s', (name, measuredByMatrix, byMatrix, measured, any) => {
  const header = photos[name]!;
  const estimated = (matrix: boolean) => costOf(header, 0, printType(header.type), matrix).bytes / MiB;

  test('is estimated as the table says, and at no less than was measured', () => {
    expect(Math.round(estimated(false))).toBe(any);
    expect(estimated(false)).toBeGreaterThan(measured);
    // A colour matrix does not help everywhere.
    if (Number.isNaN(byMatrix)) return expect(estimated(true)).toBe(estimated(false));
    expect(Math.round(estimated(true))).toBe(byMatrix);
    expect(estimated(true)).toBeGreaterThan(measuredByMatrix);
  });
});

/** Bytes per pixel that one photo takes more than another. */
const more = (one: Header, other: Header, type: Parameters<typeof costOf>[2]) =>
  (costOf(one, 0, type).bytes - costOf(other, 0, type).bytes) / 24e6;

test.each([
  ['uchar', 3],
  ['char', 3],
  ['ushort', 6],
  ['short', 6],
  ['int', 12],
  ['float', 12],
  ['double', 24],
])('rotating a photo of three %s takes a copy of it: %i bytes per pixel', (depth, bytes) => {
  const upright: Header = { ...jpeg, type: 'image/tiff', depth };
  expect(more({ ...upright, orientation: 8 }, upright, 'image/tiff')).toBeCloseTo(bytes, 5);
});

test('CMYK with a profile is converted on the way, without a copy', () =>
  expect(more({ ...jpeg, ...inks }, { ...jpeg, ...inks, profile: Buffer.alloc(1) }, 'image/jpeg')).toBeCloseTo(4.5, 5));

test.each(['image/jpeg', 'image/webp', 'image/avif'] as const)('transparency makes a print as %s cost more', (type) =>
  expect(more({ ...png, ...alpha }, png, type)).toBeGreaterThan(3),
);

test.each([
  ['image/webp', 7.4],
  ['image/avif', 3.9],
  ['image/gif', 4.4],
  ['image/tiff', 0.4],
  ['image/bmp', 1.4],
] as const)('where a JPEG costs less to write than a %s to read, reading decides', (type, bytes) =>
  expect(more({ ...jpeg, type }, jpeg, 'image/jpeg')).toBeCloseTo(bytes, 5),
);

test('an interlaced PNG of 16 bits holds twice as much as one of 8', () => {
  const interlaced = { ...png, interlaced: true };
  expect(more({ ...interlaced, depth: 'ushort' }, interlaced, 'image/png')).toBeCloseTo(3, 5);
});

test('a small AVIF keeps its chroma, and takes more per pixel', () => {
  const perPixel = (height: number) => costOf({ ...jpeg, height }, 0, 'image/avif').bytes / (6000 * height);
  expect(perPixel(2000) - perPixel(4000)).toBeGreaterThan(10);
});

test('the file counts twice: it, and its copy without EXIF', () =>
  expect(costOf(jpeg, 1000, 'image/jpeg').bytes - costOf(jpeg, 0, 'image/jpeg').bytes).toBe(2000));

test('an animation costs as much as its frames', () => {
  const [one, ten] = [1, 10].map((frames) => costOf({ ...photos['GIF']!, height: 400, frames }, 0, 'image/gif'));
  expect(ten!.bytes - 16 * MiB).toBe(10 * (one!.bytes - 16 * MiB));
  expect(ten!.seconds).toBeCloseTo(10 * one!.seconds, 10);
});

describe('time', () => {
  const prints = ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif', 'image/tiff'] as const;
  test.each(Object.keys(formats) as Header['type'][])('%s: 24 megapixels take seconds, not minutes', (type) => {
    for (const print of prints) {
      const { seconds } = costOf({ ...jpeg, type }, 0, print);
      expect(seconds).toBeGreaterThan(0.5);
      expect(seconds).toBeLessThan(10);
    }
  });

  test('a matrix saves some, and AVIF takes longest', () => {
    const seconds = (print: (typeof prints)[number], matrix = false) => costOf(jpeg, 0, print, matrix).seconds;
    expect(seconds('image/jpeg', true)).toBeLessThan(seconds('image/jpeg'));
    expect(Math.max(...prints.map((print) => seconds(print)))).toBe(seconds('image/avif'));
  });
});
