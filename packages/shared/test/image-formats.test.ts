import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { colourMatrix } from '../src/image/colour-matrix.ts';
import { decode } from '../src/image/decode.ts';
import { encode, type EncodeOptions } from '../src/image/encode.ts';
import { Jimp } from '../src/image/jimp.ts';
import { inspect } from '../src/image/inspect.ts';
import { render } from '../src/filter/develop.ts';
import { renderLuma } from '../src/image/luma.ts';
import { renderMatrix } from '../src/image/short-way.ts';
import { renderTint } from '../src/image/tint.ts';
import { filters, imageLimits, printOf } from './images/filters.ts';

// Made with sharp alone, so that these run without Python: 64 x 48, and no two sides alike.
const [width, height] = [64, 48];
const scene = Buffer.from(
  Array.from({ length: width * height }, (_, index) => [
    (index % width) * 4,
    Math.floor(index / width) * 5,
    255 - (index % width) * 2,
  ]).flat(),
);
const raw = (data = scene, channels: 3 | 4 = 3) => sharp(data, { raw: { width, height, channels } });
const withAlpha = () => {
  const data = Buffer.from(
    Array.from({ length: width * height }, (_, index) => [...scene.subarray(index * 3, index * 3 + 3), index % 256]).flat(),
  );
  return { data, image: raw(data, 4) };
};
const pixelsOf = (bytes: Buffer) => sharp(bytes, { pages: -1 }).ensureAlpha().raw().toBuffer();
const lumaOf = async (photo: Buffer) => (await renderLuma(photo, await inspect(photo, imageLimits), 95))?.print;
const luma = (red: number, green: number, blue: number) => Math.round(0.299 * red + 0.587 * green + 0.114 * blue);

describe('grey prints', () => {
  test('PNG: the luma of every pixel, and its alpha untouched', async () => {
    const { data, image } = withAlpha();
    const print = await printOf(await image.png().toBuffer(), 'grayscale', { type: 'image/png' });
    const pixels = await pixelsOf(print);
    for (let index = 0; index < data.length; index += 4) {
      const grey = luma(data[index]!, data[index + 1]!, data[index + 2]!);
      expect(Math.abs(pixels[index]! - grey)).toBeLessThanOrEqual(1);
      expect(pixels[index + 3]).toBe(data[index + 3]);
    }
    expect((await sharp(print).metadata()).space).toBe('b-w');
  });

  test('JPEG: luma alone gives the same result as all colours, whatever the orientation', async () => {
    // Luma alone is for large photos.
    const large = await raw().resize(1200, 900, { kernel: 'cubic' }).png().toBuffer();
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const photo = await sharp(large).withMetadata({ orientation }).jpeg({ quality: 90 }).toBuffer();
      expect(await lumaOf(photo)).toBeDefined();
      const short = await printOf(photo, 'grayscale', { type: 'image/jpeg' });
      const long = await printOf(photo, 'grayscale', { type: 'image/png' });
      const [shortPixels, longPixels] = [await pixelsOf(short), await pixelsOf(long)];
      expect(shortPixels).toHaveLength(longPixels.length);
      const worst = shortPixels.reduce((most, value, index) => Math.max(most, Math.abs(value - longPixels[index]!)), 0);
      expect(worst).toBeLessThanOrEqual(6);
      expect(await sharp(short).metadata()).toMatchObject({ channels: 1, width: orientation > 4 ? 900 : 1200 });
    }
  });

  test('luma alone is not used where it would lose quality: fine quantization, other colours, small pictures', async () => {
    const large = await raw().resize(1200, 900).png().toBuffer();
    const photos = [
      await sharp(large).jpeg({ quality: 97 }).toBuffer(),
      await sharp(large).withIccProfile('p3').jpeg().toBuffer(),
      await sharp(large).toColourspace('cmyk').jpeg().toBuffer(),
      await raw().jpeg().toBuffer(),
      (await sharp(large).jpeg().toBuffer()).subarray(0, 9000),
    ];
    for (const photo of photos) expect(await lumaOf(photo)).toBeUndefined();
  });
});

describe('tinted prints of JPEGs', () => {
  const tinted = async (photo: Buffer, matrix = filters.sepia.matrix) =>
    (await renderTint(photo, await inspect(photo, imageLimits), matrix, [{ quality: 96, halfChroma: false }]))?.print;
  const large = () => raw().resize(1200, 900, { kernel: 'cubic' }).png().toBuffer();

  test('look the same as by the long way, whatever the orientation', async () => {
    const upright = await large();
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const photo = await sharp(upright).withMetadata({ orientation }).jpeg({ quality: 90 }).toBuffer();
      const short = await pixelsOf((await tinted(photo))!);
      const long = await pixelsOf(await printOf(photo, 'sepia', { type: 'image/png' }));
      expect(short).toHaveLength(long.length);
      const apart = Array.from(short, (value, index) => value - long[index]!);
      expect(apart.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0)).toBeLessThanOrEqual(6);
      // Neither darker nor brighter; every fourth sample is alpha.
      expect(Math.abs(apart.reduce((sum, difference) => sum + difference, 0) / (apart.length * 0.75))).toBeLessThan(0.15);
    }
  });

  test('are not made by a table where that would not be the same: sums that differ, other colours, very large pictures', async () => {
    const photo = await sharp(await large())
      .jpeg({ quality: 90 })
      .toBuffer();
    const [red, green, blue] = filters.sepia.matrix;
    expect(await tinted(photo, [red, green, [...blue].toReversed() as unknown as typeof blue])).toBeUndefined();
    expect(await tinted(photo, [red, green, [blue[0], blue[1], -blue[2]]])).toBeUndefined();
    const header = await inspect(photo, imageLimits);
    expect(await renderTint(photo, { ...header, width: 16_001, height: 1000 }, filters.sepia.matrix, [])).toBeUndefined();
    const others = [await sharp(photo).withIccProfile('p3').jpeg().toBuffer(), photo.subarray(0, 9000)];
    for (const other of others) expect(await tinted(other)).toBeUndefined();
  });
});

test('a print has nothing of the print before, nor of one beside it', async () => {
  const [one, other] = await Promise.all(
    [scene, scene.toReversed()].map((pixels) => raw(Buffer.from(pixels)).resize(1200, 900).jpeg({ quality: 90 }).toBuffer()),
  );
  const print = async (photo: Buffer, filter: keyof typeof filters) => printOf(photo, filter, { type: 'image/jpeg' });
  const alone = [await print(one!, 'sepia'), await print(other!, 'grayscale')];
  const beside = await Promise.all([print(one!, 'sepia'), print(other!, 'grayscale'), print(other!, 'sepia')]);
  expect(alone.map((bytes, index) => bytes.equals(beside[index]!))).toEqual([true, true]);
});

describe('the short way, by a colour matrix within libvips', () => {
  const shortPrint = async (photo: Buffer, filter: keyof typeof filters, options: EncodeOptions) =>
    (await renderMatrix(photo, await inspect(photo, imageLimits), filters[filter].matrix, options, imageLimits))?.print;
  /** The same pixels, from a function that declares no matrix. */
  const longPrint = (photo: Buffer, filter: keyof typeof filters, options: EncodeOptions) =>
    render(photo, options, (image) => filters[filter](image), imageLimits);
  const plain = {
    PNG: () => raw().png(),
    'grey PNG': () => raw().extractChannel(1).png(),
    'PNG with a palette': () => raw().png({ palette: true }),
    'PNG in Display P3': () => raw().withIccProfile('p3').png(),
    'lossless WebP': () => raw().webp({ lossless: true }),
    'JPEG on its side': () => raw().withMetadata({ orientation: 6 }).jpeg({ quality: 98 }),
    'grey JPEG': () => raw().greyscale().jpeg(),
    AVIF: () => raw().avif({ quality: 90 }),
  };

  test.each(Object.keys(plain) as (keyof typeof plain)[])('%s: every pixel as by the long way, within 1', async (name) => {
    const photo = await plain[name]().toBuffer();
    for (const filter of ['grayscale', 'sepia'] as const) {
      const short = await shortPrint(photo, filter, { type: 'image/png' });
      const long = await longPrint(photo, filter, { type: 'image/png' });
      const [shortPixels, longPixels] = [await pixelsOf(short!), await pixelsOf(long)];
      expect(shortPixels).toHaveLength(longPixels.length);
      const apart = Array.from(shortPixels, (value, index) => value - longPixels[index]!);
      expect(Math.max(...apart.map(Math.abs))).toBeLessThanOrEqual(1);
      // Brighter as often as darker: truncation would make it half a level darker.
      expect(Math.abs(apart.reduce((sum, difference) => sum + difference, 0) / apart.length)).toBeLessThan(0.15);
      const [{ channels, width: w, height: h }, of] = [await sharp(short).metadata(), await sharp(long).metadata()];
      expect([channels, w, h]).toEqual([of.channels, of.width, of.height]);
    }
  });

  test.each(['image/jpeg', 'image/webp', 'image/avif'] as const)('%s: hard to tell apart', async (type) => {
    const photo = await raw().png().toBuffer();
    for (const filter of ['grayscale', 'sepia'] as const) {
      const [short, long] = [await shortPrint(photo, filter, { type }), await longPrint(photo, filter, { type })];
      const [shortPixels, longPixels] = [await pixelsOf(short!), await pixelsOf(long)];
      const squares = shortPixels.reduce((sum, value, index) => sum + (value - longPixels[index]!) ** 2, 0);
      expect(squares / shortPixels.length).toBeLessThan(4);
      expect((await sharp(short).metadata()).channels).toBe((await sharp(long).metadata()).channels);
    }
  });

  test('is not taken for unusual photos, nor for truncated ones', async () => {
    const photos = [
      await withAlpha().image.png().toBuffer(),
      await raw().toColourspace('rgb16').png().toBuffer(),
      await raw().toColourspace('cmyk').jpeg().toBuffer(),
      await raw().gif().toBuffer(),
      await raw().tiff().toBuffer(),
      (await raw().png().toBuffer()).subarray(0, -40),
      (await raw().jpeg().toBuffer()).subarray(0, -40),
    ];
    for (const photo of photos) expect(await shortPrint(photo, 'sepia', { type: 'image/png' })).toBeUndefined();
    expect(await shortPrint(await raw().png().toBuffer(), 'sepia', { type: 'image/tiff' })).toBeUndefined();
  });
});

test('greys do not change by the short way either', async () => {
  const levels = Buffer.from(Array.from({ length: 256 }, (_, level) => [level, level, level]).flat());
  const photo = await sharp(levels, { raw: { width: 256, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  const print = await printOf(photo, 'grayscale', { type: 'image/png' });
  expect((await sharp(print).removeAlpha().toColourspace('srgb').raw().toBuffer()).equals(levels)).toBe(true);
});

test('a colour matrix rounds, clamps, and leaves alpha alone', () => {
  const image = new Jimp({ data: Buffer.from([10, 20, 30, 40, 255, 255, 255, 255]), width: 2, height: 1 });
  colourMatrix([
    [0.25, 0, 0],
    [0, -1, 0],
    [1, 1, 1],
  ])(image);
  expect([...image.bitmap.data]).toEqual([3, 0, 60, 40, 64, 0, 255, 255]);
});

test('transparency becomes white in a JPEG', async () => {
  const clear = await raw(Buffer.alloc(width * height * 4), 4)
    .png()
    .toBuffer();
  for (const filter of ['grayscale', 'sepia'] as const) {
    const pixels = await pixelsOf(await printOf(clear, filter, { type: 'image/jpeg' }));
    expect([...pixels.subarray(0, 3)]).toEqual([255, 255, 255]);
  }
});

test('colours are converted by the embedded profile', async () => {
  const plain = await raw().png().toBuffer();
  const wide = await raw().withIccProfile('p3').png().toBuffer();
  const { frames } = await decode(wide, await inspect(wide, imageLimits), imageLimits);
  const expected = await pixelsOf(plain);
  const worst = (pixels: Buffer) => pixels.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index]!)), 0);
  // A round trip through eight bits costs a little in the shadows; ignoring the profile costs much more.
  expect(worst(frames[0]!.data)).toBeLessThanOrEqual(8);
  expect(worst(await sharp(wide, { ignoreIcc: true }).ensureAlpha().raw().toBuffer())).toBeGreaterThan(20);
});

test('no location, camera or profile is left in a print', async () => {
  const exif = { IFD0: { Make: 'Camera' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } };
  const photo = await raw().withExif(exif).withIccProfile('srgb').jpeg().toBuffer();
  expect((await sharp(photo).metadata()).exif).toBeDefined();
  for (const type of ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/tiff'] as const) {
    const { exif: left, icc, xmp } = await sharp(await printOf(photo, 'sepia', { type })).metadata();
    expect({ left, icc, xmp }).toEqual({});
  }
});

describe('animations', () => {
  const delay = [40, 80, 120];
  let frames: Buffer;
  beforeAll(() => {
    frames = Buffer.alloc(width * height * 3 * 4, 255);
    for (const frame of [0, 1, 2]) frames.fill(60 * (frame + 1), frame * width * height * 4, (frame + 0.5) * width * height * 4);
    for (let index = 3; index < frames.length; index += 4) frames[index] = 255;
  });

  test.each(['image/gif', 'image/webp'] as const)('%s: every frame, with its time, and the loops', async (type) => {
    const moving = sharp(frames, { raw: { width, height: height * 3, channels: 4, pageHeight: height } });
    const photo = await (
      type === 'image/gif' ? moving.gif({ delay, loop: 2 }) : moving.webp({ delay, loop: 2, lossless: true })
    ).toBuffer();
    expect(await inspect(photo, imageLimits)).toMatchObject({ type, width, height, frames: 3 });
    const print = await printOf(photo, 'grayscale', { type });
    expect(await sharp(print).metadata()).toMatchObject({ pages: 3, height, delay, loop: 2 });
    const [before, after] = [await pixelsOf(photo), await pixelsOf(print)];
    expect(after.every((value, index) => Math.abs(value - before[index]!) <= 1)).toBe(true);
    const still = await sharp(await printOf(photo, 'grayscale', { type: 'image/png' })).metadata();
    expect(still).toMatchObject({ format: 'png', height });
  });
});

test('a print that is too wide for its format is refused with a sentence', async () => {
  const wide = { frames: [{ data: Buffer.alloc(20_000 * 4, 255), width: 20_000, height: 1 }] };
  await expect(encode(wide, { type: 'image/webp' })).rejects.toThrow('a WEBP file can be at most 16383 pixels wide and high');
});

test('quality is respected', async () => {
  const photo = await raw().png().toBuffer();
  for (const type of ['image/jpeg', 'image/webp', 'image/avif'] as const) {
    const [low, high] = [
      await printOf(photo, 'sepia', { type, quality: 20 }),
      await printOf(photo, 'sepia', { type, quality: 95 }),
    ];
    expect(low.length).toBeLessThan(high.length);
  }
});
