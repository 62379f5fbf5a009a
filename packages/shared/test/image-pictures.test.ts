import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { inspect } from '../src/image/inspect.ts';
import { noteOn } from '../src/image/pictures.ts';
import { imageLimits } from './images/filters.ts';
import { rgb, tiff } from './images/tiff.ts';

/** Three frames of 8 x 8, each in one colour. */
const film = (format: 'gif' | 'webp') =>
  sharp(Buffer.from(Array.from({ length: 3 * 8 * 8 }, (_, index) => [index, 80 * Math.floor(index / 64), 0]).flat()), {
    raw: { width: 8, height: 24, channels: 3, pageHeight: 8 },
  })
    .toFormat(format)
    .toBuffer();

/** A PNG with `acTL`, as animations have it after IHDR. */
async function animatedPng(frames: number): Promise<Buffer> {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } })
    .png()
    .toBuffer();
  const chunk = Buffer.alloc(20);
  chunk.writeUInt32BE(8);
  chunk.write('acTL', 4);
  chunk.writeUInt32BE(frames, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 16)), 16);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

const note = async (bytes: Buffer, print: Parameters<typeof noteOn>[1]) => noteOn(await inspect(bytes, imageLimits), print);

test('a person is told what a print cannot hold', async () => {
  expect(await note(await animatedPng(3), 'image/png')).toBe(
    'Only the first of 3 frames is developed. To keep an animation, send it as GIF or WebP.',
  );
  expect(await note(tiff([rgb(8, 8), rgb(8, 8)]), 'image/tiff')).toBe(
    'Only the first of 2 pages is developed. To get them all, send each page as a separate file.',
  );
  expect(await note(await film('gif'), 'image/jpeg')).toBe(
    'Only the first of 3 frames is developed. A JPG print cannot be animated; to keep the animation, keep the format as it is.',
  );
});

test('a person is told nothing if the print holds everything', async () => {
  for (const format of ['gif', 'webp'] as const) {
    expect(await note(await film(format), 'image/webp')).toBeUndefined();
    expect(await note(await film(format), `image/${format}`)).toBeUndefined();
  }
  const still = sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } });
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)
    expect(await note(await still.toFormat(format).toBuffer(), 'image/jpeg')).toBeUndefined();
});
