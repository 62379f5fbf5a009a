import { type BmpHeader, compressions } from './bmp-header.ts';

/** The index of pixels that no run has painted. */
const unpainted = 256;

/**
 * Decodes BI_RLE8 or BI_RLE4 into indexes, top row first.
 * Source: Microsoft, "Bitmap Compression": pairs of a count and a colour; a count of 0 is an escape for end of line (0), end of bitmap
 * (1), a move (2), or that many literal pixels, padded to 16 bits.
 */
export function unpackRuns(bytes: Buffer, { width, height, compression, pixels, topDown }: BmpHeader): Uint16Array {
  const indexes = new Uint16Array(width * height).fill(unpainted);
  const half = compression === compressions.runs4;
  let position = pixels;
  let [x, line] = [0, 0];

  const next = () => bytes.readUInt8(position++);
  const paint = (index: number) => {
    if (x < width && line < height) indexes[(topDown ? line : height - 1 - line) * width + x] = index;
    x += 1;
  };
  /** The pixel at `at` in a run whose current byte is `byte`. With 4 bits, two share a byte, the upper half first. */
  const pick = (byte: number, at: number) => (half ? (at % 2 === 0 ? byte >> 4 : byte & 15) : byte);

  while (line < height) {
    const [count, value] = [next(), next()];
    if (count > 0) for (let at = 0; at < count; at += 1) paint(pick(value, at));
    else if (value === 0) [x, line] = [0, line + 1];
    else if (value === 1) break;
    else if (value === 2) [x, line] = [x + next(), line + next()];
    else {
      const length = half ? Math.ceil(value / 2) : value;
      for (let at = 0; at < value; at += 1) paint(pick(bytes.readUInt8(position + (half ? at >> 1 : at)), at));
      position += length + (length % 2);
    }
  }
  return indexes;
}
