import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withoutExif } from '../src/image/exif.ts';
import type { ImageType } from '../src/image/formats.ts';
import { inspect } from '../src/image/inspect.ts';
import { imageLimits, printOf } from './images/filters.ts';

/** A directory of fifty entries, each of which points at the directory itself: libexif follows them for hours. */
function circles(): Buffer {
  const tiff = Buffer.alloc(8 + 2 + 50 * 12 + 4);
  tiff.write('MM\0*\0\0\0\x08', 'latin1');
  tiff.writeUInt16BE(50, 8);
  for (let index = 0; index < 50; index += 1) {
    const at = 10 + index * 12;
    tiff.writeUInt16BE(index % 2 ? 0x87_69 : 0x88_25, at);
    tiff.writeUInt16BE(4, at + 2);
    tiff.writeUInt32BE(1, at + 4);
    tiff.writeUInt32BE(8, at + 8);
  }
  tiff.writeUInt32BE(8, tiff.length - 4);
  return tiff;
}

/** Puts the circular directories where a photo has its EXIF. */
async function withCircles(format: 'jpeg' | 'png' | 'webp' | 'avif'): Promise<Buffer> {
  const filler = 'x'.repeat(circles().length);
  const photo = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#c63' } })
    .withExif({ IFD0: { ImageDescription: filler } })
    .toFormat(format)
    .toBuffer();
  // Where sharp's EXIF begins; there is enough room after it.
  const at = Math.max(photo.indexOf('II*\0', 12, 'latin1'), photo.indexOf('MM\0*', 12, 'latin1'));
  expect(at).toBeGreaterThan(0);
  circles().copy(photo, at);
  return photo;
}

describe('EXIF that points at itself', () => {
  // When libexif still saw EXIF, these timed out.
  test.each(['jpeg', 'png', 'webp', 'avif'] as const)('holds up neither the header nor the print of a %s', async (format) => {
    const photo = await withCircles(format);
    expect(await inspect(photo, imageLimits)).toMatchObject({ width: 40, height: 20 });
    await printOf(photo, 'sepia', { type: 'image/jpeg' });
    await printOf(photo, 'grayscale', { type: 'image/png' });
  });
});

test('a file is inspected as its bytes are, whatever the one before it has left in memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inspect-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const profile = sharp({ create: { width: 400, height: 300, channels: 3, background: '#36c' } }).withMetadata({ icc: 'p3' });
  const whole = [
    await profile.jpeg({ quality: 100 }).toBuffer(),
    ...(await Promise.all((['jpeg', 'png', 'webp', 'avif'] as const).map(withCircles))),
  ];
  const files = [
    ...whole,
    ...whole.map((bytes) => bytes.subarray(0, bytes.length >> 1)),
    Buffer.from('no photo'),
    Buffer.alloc(0),
  ];
  const seen = (source: Buffer | string) => inspect(source, imageLimits).catch((error: Error) => error);
  for (const [index, bytes] of files.entries()) {
    const path = join(folder, String(index));
    await writeFile(path, bytes);
    expect(await seen(path)).toEqual(await seen(bytes));
  }
});

describe('the orientation', () => {
  test.each(['jpeg', 'png', 'webp', 'tiff'] as const)('is kept: %s', async (format) => {
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const photo = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#c63' } })
        .withMetadata({ orientation })
        .toFormat(format)
        .toBuffer();
      const [width, height] = orientation > 4 ? [20, 40] : [40, 20];
      expect(await inspect(photo, imageLimits)).toMatchObject({ orientation, width, height });
      const print = await printOf(photo, 'sepia', { type: 'image/png' });
      expect(await sharp(print).metadata()).toMatchObject({ width, height });
    }
  });

  test('is 1 if EXIF says nothing, or nonsense', () => {
    const jpeg = (tiff: Buffer) =>
      Buffer.concat([Buffer.from('\xff\xd8\xff\xe1\0\x20Exif\0\0', 'latin1'), tiff, Buffer.alloc(40)]);
    const entry = (value: number) => {
      const tiff = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0', 'latin1');
      tiff.writeUInt16BE(value, 18);
      return tiff;
    };
    const orientationOf = (bytes: Buffer, type: ImageType = 'image/jpeg') => withoutExif(bytes, type).orientation;
    expect(orientationOf(jpeg(entry(6)))).toBe(6);
    for (const value of [0, 9, 65_535]) expect(orientationOf(jpeg(entry(value)))).toBeUndefined();
    expect(orientationOf(jpeg(Buffer.from('MM\0*\xff\xff\xff\xff', 'latin1')))).toBeUndefined();
    expect(orientationOf(jpeg(Buffer.alloc(4)))).toBeUndefined();
    for (let length = 0; length < 60; length += 1) orientationOf(jpeg(entry(6)).subarray(0, length));
  });

  test('a photo without EXIF is not copied', async () => {
    const photo = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#c63' } })
      .jpeg()
      .toBuffer();
    expect(withoutExif(photo, 'image/jpeg').bytes).toBe(photo);
  });
});
