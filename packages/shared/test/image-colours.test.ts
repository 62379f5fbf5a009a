import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decode } from '../src/image/decode.ts';
import { prepare } from '../src/image/inspect.ts';
import { imageLimits } from './images/filters.ts';
import { pngChunk } from './images/png-chunk.ts';

const numbers = (...values: number[]) => {
  const data = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => data.writeUInt32BE(Math.round(value * 100_000), index * 4));
  return data;
};
const gama = (gamma: number) => pngChunk('gAMA', numbers(gamma));
const chrm = (...points: number[]) => pngChunk('cHRM', numbers(...points));
const cicp = (...codes: number[]) => pngChunk('cICP', Buffer.from(codes));
const srgbPoints = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];
const p3Points = [0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06];

type Colour = [number, number, number];

/** The first pixel that a filter gets from a one-colour PNG with extra chunks after IHDR. */
async function seen(colour: Colour, chunks: Buffer[], how: (photo: Sharp) => Sharp = (photo) => photo): Promise<Colour> {
  const [r, g, b] = colour;
  const plain = await how(sharp({ create: { width: 4, height: 4, channels: 3, background: { r, g, b } } }))
    .png()
    .toBuffer();
  const png = Buffer.concat([plain.subarray(0, 33), ...chunks, plain.subarray(33)]);
  const { bytes, header } = await prepare(png, imageLimits);
  const { frames } = await decode(bytes, header, imageLimits);
  return [...frames[0]!.data.subarray(0, 3)] as Colour;
}

function expectNear(colour: Colour, expected: Colour, within = 2) {
  for (const part of [0, 1, 2] as const)
    expect(Math.abs(colour[part] - expected[part]), String(colour)).toBeLessThanOrEqual(within);
}

describe('a PNG that describes its colours in chunks', () => {
  const grey: Colour = [55, 55, 55];
  // Linear light of 55/255 is 128 in sRGB: (1.055 * 0.2157^(1/2.4) - 0.055) * 255.
  test('gAMA 1.0: samples are linear light', async () => {
    expectNear(await seen(grey, [gama(1)]), [128, 128, 128]);
    expectNear(await seen(grey, [gama(1)], (photo) => photo.toColourspace('b-w')), [128, 128, 128]);
    expectNear(await seen(grey, [gama(1)], (photo) => photo.png({ palette: true })), [128, 128, 128]);
    expectNear(await seen([55, 0, 255], [gama(1)]), [128, 0, 255]);
  });

  test('16 bits, and with alpha', async () => {
    expectNear(await seen(grey, [gama(1)], (photo) => photo.toColourspace('rgb16')), [128, 128, 128]);
    expectNear(await seen(grey, [gama(1)], (photo) => photo.ensureAlpha(0.5)), [128, 128, 128]);
  });

  test('gAMA about 1/2.2 with the primaries of sRGB is sRGB', async () => {
    expect(await seen([10, 100, 200], [gama(0.45455)])).toEqual([10, 100, 200]);
    expect(await seen([10, 100, 200], [gama(0.45), chrm(...srgbPoints)])).toEqual([10, 100, 200]);
  });

  test('cHRM: other primaries', async () => {
    const wide: Colour = await seen([0, 200, 0], [gama(0.45455), chrm(...p3Points)]);
    const byProfile = await seen([0, 200, 0], [cicp(12, 13, 0, 1)]);
    expectNear(wide, byProfile);
    // This green is outside sRGB.
    expect(wide[0]).toBe(0);
    expect(wide[1]).toBeGreaterThan(200);
  });

  test('iCCP and sRGB take precedence over gAMA and cHRM, and cICP over everything', async () => {
    expect(await seen(grey, [pngChunk('sRGB', Buffer.from([0])), gama(1)])).toEqual(grey);
    expect(await seen(grey, [cicp(1, 13, 0, 1), gama(0.45455)])).toEqual(grey);
    expectNear(await seen(grey, [cicp(1, 8, 0, 1), pngChunk('sRGB', Buffer.from([0]))]), [128, 128, 128]);
  });

  test('nonsense is ignored', async () => {
    for (const chunks of [[gama(0)], [gama(40_000)], [pngChunk('gAMA', Buffer.alloc(2))], [chrm(0, 0, 0, 0, 0, 0, 0, 0)]])
      expect(await seen(grey, chunks)).toEqual(grey);
    expect(await seen(grey, [cicp(9, 16, 0, 1)])).toEqual(grey);
  });
});
