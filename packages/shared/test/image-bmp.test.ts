import { describe, expect, test } from 'vitest';
import { decodeBmp } from '../src/image/bmp.ts';
import { Rejected } from '../src/errors.ts';

interface Layout {
  width: number;
  height: number;
  depth: number;
  compression?: number;
  /** Red, green, blue; with BITMAPINFOHEADER only. */
  palette?: number[][];
  masks?: number[];
  pixels: number[];
  /** BITMAPCOREHEADER, the oldest. */
  core?: boolean;
}

/** Builds a BMP byte by byte, as Microsoft describes it. */
function bmp({ width, height, depth, compression = 0, palette = [], masks = [], pixels, core = false }: Layout): Buffer {
  const info = Buffer.alloc(core ? 12 : 40);
  info.writeUInt32LE(info.length, 0);
  if (core) [width, height, 1, depth].forEach((value, index) => info.writeUInt16LE(value, 4 + index * 2));
  else {
    info.writeInt32LE(width, 4);
    info.writeInt32LE(height, 8);
    info.writeUInt16LE(1, 12);
    info.writeUInt16LE(depth, 14);
    info.writeUInt32LE(compression, 16);
    info.writeUInt32LE(palette.length, 32);
  }
  const words = Buffer.alloc(masks.length * 4);
  masks.forEach((mask, index) => words.writeUInt32LE(mask >>> 0, index * 4));
  const colours = Buffer.from(palette.flatMap(([red, green, blue]) => (core ? [blue!, green!, red!] : [blue!, green!, red!, 0])));
  const head = Buffer.alloc(14);
  head.write('BM');
  head.writeUInt32LE(14 + info.length + words.length + colours.length, 10);
  return Buffer.concat([head, info, words, colours, Buffer.from(pixels)]);
}

const [red, green, blue, white] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
] as const;
const palette = [red, green, blue, white].map((colour) => [...colour]);
const seen = (layout: Layout) => [...decodeBmp(bmp(layout)).data];
const opaque = (...colours: (readonly number[])[]) => colours.flatMap((colour) => [...colour, 255]);

describe('BMP', () => {
  test('24 bits: bottom row first, blue first, rows padded to four bytes', () => {
    const pixels = [255, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0];
    expect(seen({ width: 2, height: 2, depth: 24, pixels })).toEqual(opaque(red, white, blue, green));
    expect(seen({ width: 2, height: -2, depth: 24, pixels })).toEqual(opaque(blue, green, red, white));
    expect(seen({ width: 2, height: 2, depth: 24, pixels, core: true })).toEqual(opaque(red, white, blue, green));
  });

  test('1, 2, 4 and 8 bits: colours from a table, at odd widths', () => {
    expect(seen({ width: 3, height: 1, depth: 1, palette: palette.slice(0, 2), pixels: [0b01000000, 0, 0, 0] })).toEqual(
      opaque(red, green, red),
    );
    expect(seen({ width: 3, height: 1, depth: 2, palette, pixels: [0b00011100, 0, 0, 0] })).toEqual(opaque(red, green, white));
    expect(seen({ width: 3, height: 1, depth: 4, palette, pixels: [0x12, 0x30, 0, 0] })).toEqual(opaque(green, blue, white));
    expect(seen({ width: 3, height: 1, depth: 8, palette, pixels: [3, 2, 1, 0] })).toEqual(opaque(white, blue, green));
  });

  test('16 and 32 bits: by the usual masks, or by those in the file, alpha included', () => {
    expect(seen({ width: 2, height: 1, depth: 16, pixels: [0x00, 0x7c, 0x1f, 0x00] })).toEqual(opaque(red, blue));
    const masks = [0xf800, 0x7e0, 0x1f];
    expect(seen({ width: 2, height: 1, depth: 16, compression: 3, masks, pixels: [0x00, 0xf8, 0xe0, 0x07] })).toEqual(
      opaque(red, green),
    );
    expect(seen({ width: 1, height: 1, depth: 32, pixels: [0, 0, 255, 7] })).toEqual(opaque(red));
    const withAlpha = [0xff, 0xff00, 0xff0000, 0xff000000];
    expect(seen({ width: 1, height: 1, depth: 32, compression: 6, masks: withAlpha, pixels: [255, 0, 0, 7] })).toEqual([
      255, 0, 0, 7,
    ]);
  });

  test('run lengths at 8 bits: runs, single pixels, line ends and moves', () => {
    const pixels = [2, 1, 0, 0, 0, 3, 0, 2, 3, 0, 0, 1];
    expect(seen({ width: 3, height: 2, depth: 8, compression: 1, palette, pixels })).toEqual([
      ...opaque(red, blue, white),
      ...opaque(green, green),
      0,
      0,
      0,
      0,
    ]);
    const moved = [0, 2, 1, 1, 1, 3, 0, 1];
    const data = seen({ width: 2, height: 2, depth: 8, compression: 1, palette, pixels: moved });
    expect(data).toEqual([0, 0, 0, 0, ...opaque(white), 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('run lengths at 4 bits: two colours take turns', () => {
    expect(seen({ width: 5, height: 1, depth: 4, compression: 2, palette, pixels: [3, 0x12, 0, 1] })).toEqual([
      ...opaque(green, blue, green),
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
    expect(seen({ width: 3, height: 1, depth: 4, compression: 2, palette, pixels: [0, 3, 0x01, 0x20, 0, 1] })).toEqual(
      opaque(red, green, blue),
    );
  });

  test('a file that is truncated or makes no sense is refused', () => {
    const whole = bmp({ width: 2, height: 2, depth: 24, pixels: Array.from({ length: 16 }, () => 9) });
    expect(() => decodeBmp(whole)).not.toThrow();
    for (let length = 0; length < whole.length - 2; length += 1)
      expect(() => decodeBmp(whole.subarray(0, length))).toThrow(Rejected);
    expect(() => seen({ width: 1, height: 1, depth: 7, pixels: [0, 0, 0, 0] })).toThrow(Rejected);
    expect(() => seen({ width: 1, height: 1, depth: 8, compression: 4, palette, pixels: [0, 0, 0, 0] })).toThrow(Rejected);
  });
});
