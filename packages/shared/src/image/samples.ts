import type { Bitmap } from './decode.ts';

/** Samples of all frames, one below the other: grey, grey and alpha, RGB, or RGBA. */
export interface Samples {
  data: Buffer;
  channels: 1 | 2 | 3 | 4;
}

/** All frames, one below the other. */
export function joined(frames: readonly Bitmap[]): Buffer {
  return frames.length === 1 ? frames[0]!.data : Buffer.concat(frames.map(({ data }) => data));
}

/** Whether no pixel lets anything through. */
export function isOpaque(frames: readonly Bitmap[]): boolean {
  return frames.every(({ data }) => {
    const words = wordsOf(data);
    for (let index = 0; index < words.length; index += 1) if (words[index]! < 0xff000000) return false;
    return true;
  });
}

/** Leaves out what a print need not store: two of three equal channels, and an alpha channel that hides nothing. */
export function pack(frames: readonly Bitmap[], { grey, alpha }: { grey: boolean; alpha: boolean }): Samples {
  const rgba = joined(frames);
  const opaque = isOpaque(frames);
  if (!opaque && !alpha) return pack([layOnWhite(rgba)], { grey, alpha });
  if (!grey) return opaque ? takeColours(wordsOf(rgba)) : { data: rgba, channels: 4 };
  return opaque ? takeGrey(wordsOf(rgba)) : takeGreyAndAlpha(wordsOf(rgba));
}

/** What stays of a transparent picture where there is no alpha: as if it lay on white paper. */
function layOnWhite(rgba: Buffer): Bitmap {
  const data = Buffer.alloc(rgba.length, 255);
  for (let index = 0; index < rgba.length; index += 4) {
    const cover = rgba[index + 3]!;
    for (let part = index; part < index + 3; part += 1) data[part] = Math.round((rgba[part]! * cover) / 255 + 255 - cover);
  }
  return { data, width: rgba.length / 4, height: 1 };
}

function takeGrey(words: Uint32Array): Samples {
  const data = Buffer.allocUnsafe(words.length);
  for (let index = 0; index < words.length; index += 1) data[index] = words[index]!;
  return { data, channels: 1 };
}

function takeGreyAndAlpha(words: Uint32Array): Samples {
  const pairs = new Uint16Array(words.length);
  for (let index = 0; index < words.length; index += 1) pairs[index] = (words[index]! & 255) | ((words[index]! >>> 24) << 8);
  return { data: Buffer.from(pairs.buffer), channels: 2 };
}

function takeColours(words: Uint32Array): Samples {
  const data = Buffer.allocUnsafe(words.length * 3);
  for (let index = 0, to = 0; index < words.length; index += 1, to += 3) {
    const word = words[index]!;
    data[to] = word;
    data[to + 1] = word >>> 8;
    data[to + 2] = word >>> 16;
  }
  return { data, channels: 3 };
}

/** Pixels as numbers, red lowest and alpha highest: every processor that Node runs on is little-endian. One step per pixel is faster. */
function wordsOf(rgba: Buffer): Uint32Array {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : Buffer.from(Uint8Array.from(rgba).buffer);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
