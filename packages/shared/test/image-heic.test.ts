import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../src/errors.ts';
import { render } from '../src/filter/develop.ts';
import { heicDecoderBytes } from '../src/image/cost.ts';
import { printType } from '../src/image/formats.ts';
import { tiffOfHeic } from '../src/image/heic.ts';
import { inspect, prepare } from '../src/image/inspect.ts';
import { startLibheif } from '../src/image/libheif.ts';
import { noteOn } from '../src/image/pictures.ts';
import { thumbnailOf } from '../src/image/thumbnail.ts';
import { imageLimits } from './images/filters.ts';
import { mutations, mutationsAfter } from './images/mutations.ts';
import { quarters } from './images/quarters.ts';

const limits = { ...imageLimits, HEIC: true };
const photo = (name: string) => readFileSync(join(import.meta.dirname, 'images/heic', `${name}.heic`));
/** A print of the same pixels, which loses none of them. */
const print = (bytes: Buffer) => render(bytes, { type: 'image/png' }, () => undefined, limits);
const refusal = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(Rejected);
  return `${(error as Rejected).status} ${(error as Rejected).message}`;
};

/** The colour, and alpha, in the middle of each quarter, and the size. */
async function look(picture: Sharp): Promise<{ size: [number, number]; colours: number[][] }> {
  const { data, info } = await picture.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const at = (x: number, y: number) => {
    const start = (Math.floor(height * y) * width + Math.floor(width * x)) * 4;
    return [...data.subarray(start, start + 4)];
  };
  return { size: [width, height], colours: [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)] };
}

/** HEVC is lossy, and 8 bits of YCbCr are not 8 bits of RGB. */
async function expectAlike(printed: Buffer, wanted: Sharp, apart = 6): Promise<void> {
  const [one, other] = [await look(sharp(printed)), await look(sharp(await wanted.png().toBuffer()))];
  expect(one.size).toEqual(other.size);
  const differences = one.colours.flatMap((colour, index) =>
    colour.map((value, part) => Math.abs(value - other.colours[index]![part]!)),
  );
  expect(Math.max(...differences), JSON.stringify([one, other])).toBeLessThanOrEqual(apart);
}

const alphaed = () => quarters().ensureAlpha(0.5);
test.each<[string, () => Sharp | Promise<Sharp>]>([
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((orientation): [string, () => Promise<Sharp>] => [
    `orientation-${orientation}`,
    async () => sharp(await quarters().withMetadata({ orientation }).png().toBuffer()).autoOrient(),
  ]),
  ['10-bit', () => quarters()],
  ['alpha', alphaed],
  ['premultiplied', alphaed],
  ['several', () => quarters()],
  ['thumbnail', () => quarters()],
  ['grey', () => quarters().greyscale()],
  ['odd', () => quarters(95, 63)],
  ['full-chroma', () => quarters()],
  ['grid', () => quarters(320, 192)],
  ['grid-on-its-side', () => quarters(320, 192).rotate(90)],
  ['p3', () => quarters()],
])('%s: the print shows what was photographed, and the header says its size', async (name, original) => {
  const bytes = photo(name);
  const printed = await print(bytes);
  await expectAlike(printed, await original());
  const { width, height } = await sharp(printed).metadata();
  expect(await inspect(bytes, limits)).toMatchObject({ type: 'image/heic', width, height, orientation: 1 });
});

test('colours by code are honoured like those of a profile', async () => {
  const coded = await look(sharp(await print(photo('p3-by-codes'))));
  // The same numbers, meant as Display P3: more vivid, beyond what sRGB can show.
  expect(coded.colours[0]![0]! - 0xc0).toBeGreaterThan(8);
  expect(coded.colours[3]!.slice(0, 3).map((value) => Math.abs(value - 0xe0))).toEqual([
    expect.toSatisfy((apart: number) => apart < 4),
    expect.toSatisfy((apart: number) => apart < 4),
    expect.toSatisfy((apart: number) => apart < 4),
  ]);
});

describe('the header', () => {
  test.each([
    ['plain', 'orientation-1', { pictures: 1, alpha: false }],
    ['a thumbnail is no picture of its own', 'thumbnail', { pictures: 1 }],
    ['an alpha channel is no picture of its own', 'alpha', { pictures: 1, alpha: true }],
    ['nor are tiles', 'grid', { pictures: 1, tile: 64 * 64 * 3 }],
    ['several pictures', 'several', { pictures: 3 }],
    ['more bits take more memory', '10-bit', { tile: 96 * 64 * 4, depth: 'ushort' }],
  ])('%s', async (_name, file, said) => expect(await inspect(photo(file), limits)).toMatchObject(said));

  test('the primary picture is the one that is developed, wherever it is', async () => {
    const bytes = photo('several');
    // pitm: length, name, version and flags, and the id.
    const at = bytes.indexOf('pitm', 0, 'latin1') + 8;
    bytes.writeUInt16BE(4, at);
    expect(await inspect(bytes, limits)).toMatchObject({ width: 64, height: 48 });
    await expectAlike(await print(bytes), quarters(64, 48));
    bytes.writeUInt16BE(2, at);
    await expectAlike(await print(bytes), quarters().negate());
  });

  test('several pictures: the person is told that one is developed', () =>
    expect(noteOn({ type: 'image/heic', pictures: 3 }, 'image/jpeg')).toBe(
      'Only the main picture of 3 is developed. To get them all, send each as a separate file.',
    ));
});

test('prints are JPEG unless another format is asked for, and carry no metadata', async () => {
  expect(printType('image/heic')).toBe('image/jpeg');
  const made = await render(photo('p3'), { type: printType('image/heic') }, () => undefined, limits);
  const metadata = await sharp(made).metadata();
  expect(metadata).toMatchObject({ format: 'jpeg', width: 96 });
  expect([metadata.exif, metadata.xmp, metadata.icc]).toEqual([undefined, undefined, undefined]);
});

test('a small copy, for the page', async () => {
  const { make } = await thumbnailOf(photo('grid'), 160, limits);
  await expectAlike(await make(), quarters(320, 192).resize(160), 12);
});

describe('refused with a sentence', () => {
  test('all of them, unless HEIC=true', async () =>
    expect(await refusal(inspect(photo('10-bit'), imageLimits))).toMatch(
      /^415 This is a HEIC photo, .*On the iPhone choose Settings > Camera > Formats > Most Compatible, or send it as JPEG\.$/,
    ));

  test('a picture in another codec: no decoder sees it', async () => {
    for (const codec of ['av01', 'jpeg', 'avc1', 'iovl']) {
      const bytes = photo('10-bit');
      bytes.write(codec, bytes.indexOf('hvc1', 0, 'latin1'), 'latin1');
      expect(await refusal(inspect(bytes, limits))).toMatch(/^415 .*not in HEVC.*Export it as JPEG and send that\.$/);
    }
  });

  test('a file that breaks off, wherever', async () => {
    const whole = photo('grid');
    for (const part of [0.05, 0.3, 0.6, 0.9, 0.999])
      expect(await refusal(inspect(whole.subarray(0, Math.floor(whole.length * part)), limits))).toMatch(
        /^4(15|22) (The file is damaged|This is (not )?an image)/,
      );
  });

  test('too many pixels, by the header', async () => {
    const bytes = photo('10-bit');
    bytes.writeUInt32BE(30_000, bytes.indexOf('ispe', 0, 'latin1') + 8);
    bytes.writeUInt32BE(30_000, bytes.indexOf('ispe', 0, 'latin1') + 12);
    expect(await refusal(inspect(bytes, limits))).toMatch(/^422 The image has 900 megapixels/);
  });

  test('a picture that is larger than its header says gets no more memory than the header calls for', async () => {
    const bytes = photo('large');
    expect(await inspect(bytes, limits)).toMatchObject({ width: 4096, height: 4096 });
    bytes.writeUInt32BE(64, bytes.indexOf('ispe', 0, 'latin1') + 8);
    bytes.writeUInt32BE(64, bytes.indexOf('ispe', 0, 'latin1') + 12);
    const { header } = await prepare(bytes, limits);
    expect(heicDecoderBytes(header)).toBeLessThan(30 << 20);
    const before = process.memoryUsage().rss;
    expect(await refusal(tiffOfHeic(bytes, header))).toMatch(/^422 .*more memory to develop than its header/);
    expect(process.memoryUsage().rss - before).toBeLessThan(60 << 20);
  });
});

test('libheif gets as much memory as it is given, and no more', async () => {
  const [little, enough] = [await startLibheif(32 << 20), await startLibheif(96 << 20)];
  // oxlint-disable no-underscore-dangle -- Emscripten names the functions of C so
  expect(little._malloc(48 << 20)).toBe(0);
  expect(little.HEAPU8.length).toBeLessThanOrEqual(32 << 20);
  expect(enough._malloc(48 << 20)).toBeGreaterThan(0);
  // oxlint-enable no-underscore-dangle
});

test('a photo sees nothing of the one before it, and its memory is free again', async () => {
  const bytes = photo('large');
  const { header } = await prepare(bytes, limits);
  const [damaged] = mutations([photo('grid')], 1, 7);
  let most = 0;
  for (let turn = 0; turn < 4; turn += 1) {
    await print(damaged!).catch(() => undefined);
    expect((await tiffOfHeic(bytes, header)).length).toBeGreaterThan(4096 * 4096 * 4);
    if (turn === 0) most = process.memoryUsage().rss;
  }
  expect(process.memoryUsage().rss - most).toBeLessThan(150 << 20);
});

test('random damage is either refused or survived', async () => {
  const originals = ['10-bit', 'alpha', 'several', 'odd', 'p3', 'grid', 'orientation-6', 'grey', 'grain'].map(photo);
  const outcomes = { printed: 0, refused: 0 };
  const both = [mutations(originals, 100, 1), mutationsAfter('mdat', originals, 100, 1)];
  for (const damaged of both.flatMap((each) => [...each])) {
    await print(damaged).then(
      () => (outcomes.printed += 1),
      (error: unknown) => {
        expect(error).toBeInstanceOf(Rejected);
        expect((error as Rejected).message).toMatch(/\.$/);
        outcomes.refused += 1;
      },
    );
  }
  expect(outcomes.refused).toBeGreaterThan(50);
  expect(outcomes.printed).toBeGreaterThan(10);
});
