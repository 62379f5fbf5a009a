import type { Bitmap } from './bitmap.ts';

/** All frames, stacked top to bottom. */
export function joined(frames: readonly Bitmap[]): Buffer {
  return frames.length === 1 ? frames[0]!.data : Buffer.concat(frames.map(({ data }) => data));
}

/** Whether every pixel is opaque. */
export function isOpaque(frames: readonly Bitmap[]): boolean {
  return frames.every(({ data }) => {
    const words = wordsOf(data);
    for (let index = 0; index < words.length; index += 1) if (words[index]! < 0xff000000) return false;
    return true;
  });
}

/** Whether red, green and blue are equal in every pixel. */
export function isGrey(frames: readonly Bitmap[]): boolean {
  return frames.every(({ data }) => {
    const words = wordsOf(data);
    // Compares each byte with its neighbour: red with green, green with blue.
    for (let index = 0; index < words.length; index += 1)
      if (((words[index]! ^ (words[index]! >>> 8)) & 0xffff) !== 0) return false;
    return true;
  });
}

/** Keeps one of three equal channels, and alpha unless everything is opaque. */
export function takeGrey(frames: readonly Bitmap[]): { data: Buffer; channels: 1 | 2 } {
  const words = wordsOf(joined(frames));
  if (isOpaque(frames)) {
    const data = Buffer.allocUnsafe(words.length);
    for (let index = 0; index < words.length; index += 1) data[index] = words[index]!;
    return { data, channels: 1 };
  }
  const pairs = new Uint16Array(words.length);
  for (let index = 0; index < words.length; index += 1) pairs[index] = (words[index]! & 255) | ((words[index]! >>> 24) << 8);
  return { data: Buffer.from(pairs.buffer), channels: 2 };
}

/** Flattens a transparent picture for a format without alpha, as if it lay on white paper. */
export function layOnWhite(rgba: Buffer): Buffer {
  const data = Buffer.alloc(rgba.length, 255);
  for (let index = 0; index < rgba.length; index += 4) {
    const cover = rgba[index + 3]!;
    for (let part = index; part < index + 3; part += 1) data[part] = Math.round((rgba[part]! * cover) / 255 + 255 - cover);
  }
  return data;
}

/** Pixels as numbers, red lowest and alpha highest (every processor that Node runs on is little-endian): one step per pixel is faster. */
function wordsOf(rgba: Buffer): Uint32Array {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Buffer.from(Uint8Array.from(rgba).buffer);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
