import { type BmpHeader, compressions, readBmpHeader } from './bmp-header.ts';
import { unpackRuns } from './bmp-runs.ts';
import type { Bitmap } from './bitmap.ts';
import { Rejected } from '../errors.ts';

/**
 * Decodes BMP to RGBA, top row first. libvips has no loader for it, and the decoder that comes with Jimp misreads run lengths, odd
 * widths at 4 bits, masks and the oldest header.
 * @throws Rejected if the file is truncated or makes no sense
 */
export function decodeBmp(bytes: Buffer): Bitmap {
  try {
    const header = readBmpHeader(bytes);
    const { width, height } = header;
    const data = header.depth <= 8 ? paintIndexed(bytes, header) : paintDirect(bytes, header);
    return { data, width, height };
  } catch (cause) {
    throw new Rejected('The file is damaged: it starts like a BMP image, but cannot be read to its end.', { cause });
  }
}

/** 1, 2, 4 or 8 bits: indexes into a colour table. */
function paintIndexed(bytes: Buffer, header: BmpHeader): Buffer {
  const { width, height, palette } = header;
  const colours = new Uint32Array(257);
  for (let index = 0; index < palette.entries; index += 1) {
    const [blue, green, red] = bytes.subarray(palette.start + index * palette.stride);
    colours[index] = opaque | (blue! << 16) | (green! << 8) | red!;
  }
  colours.fill(opaque, palette.entries, 256);
  const indexes = isRunLength(header) ? unpackRuns(bytes, header) : unpackIndexes(bytes, header);
  const pixels = new Uint32Array(width * height);
  // Pixels that runs skip have index 256: transparent.
  for (let index = 0; index < pixels.length; index += 1) pixels[index] = colours[indexes[index]!]!;
  return Buffer.from(pixels.buffer);
}

const opaque = 0xff000000;
const isRunLength = ({ compression }: BmpHeader) => compression === compressions.runs8 || compression === compressions.runs4;

function unpackIndexes(bytes: Buffer, header: BmpHeader): Uint16Array {
  const { width, height, depth, compression } = header;
  if (compression !== compressions.none || ![1, 2, 4, 8].includes(depth)) throw new Error(`${depth} bits, ${compression}`);
  const indexes = new Uint16Array(width * height);
  for (const { start, row } of rows(bytes, header)) {
    for (let x = 0; x < width; x += 1) {
      const bit = x * depth;
      indexes[row * width + x] = (bytes[start + (bit >> 3)]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return indexes;
}

/** 16, 24 or 32 bits: the colour itself, with masks for its parts. */
function paintDirect(bytes: Buffer, header: BmpHeader): Buffer {
  const { width, height, depth, compression, masks } = header;
  if (![16, 24, 32].includes(depth) || ![0, 3, 6].includes(compression)) throw new Error(`${depth} bits, ${compression}`);
  const step = depth / 8;
  const parts = masks.map(reader);
  const data = Buffer.alloc(width * height * 4, 255);
  for (const { start, row } of rows(bytes, header)) {
    for (let x = 0, from = start, to = row * width * 4; x < width; x += 1, from += step, to += 4) {
      const pixel = bytes.readUIntLE(from, step);
      for (let part = 0; part < 4; part += 1) if (masks[part] !== 0) data[to + part] = parts[part]!(pixel);
    }
  }
  return data;
}

/** Extracts the bits under a mask from a pixel, scaled to 0..255. */
function reader(mask: number): (pixel: number) => number {
  const shift = Math.max(0, 31 - Math.clz32(mask & -mask));
  const most = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / most);
}

/** Rows are padded to four bytes, and come bottom first unless the header says otherwise. */
function* rows(bytes: Buffer, { width, height, depth, pixels, topDown }: BmpHeader): Generator<{ start: number; row: number }> {
  const stride = Math.ceil((width * depth) / 32) * 4;
  if (bytes.length < pixels + stride * (height - 1) + Math.ceil((width * depth) / 8)) throw new Error('The pixels break off');
  for (let line = 0; line < height; line += 1) yield { start: pixels + line * stride, row: topDown ? line : height - 1 - line };
}
