import type { Pixels } from './bitmap.ts';

/** Pixels of the longer side, at most. A mail shows it as it is, in a column of some 500. */
export const coverSize = 480;

/**
 * A smaller copy of a picture, for the eye: each pixel is the mean of nine samples, spread evenly over its square. So the time it takes
 * depends on the size of the copy alone.
 * @param longest pixels of the longer side of the copy, at most those of the picture
 */
export function shrink({ data, width, height, channels }: Pixels, longest: number): Pixels {
  const scale = longest / Math.max(width, height);
  const across = Math.max(1, Math.round(width * scale));
  const down = Math.max(1, Math.round(height * scale));
  const columns = places(width, across, channels);
  const rows = places(height, down, channels * width);
  const copy = Buffer.allocUnsafe(across * down * channels);
  for (let row = 0; row < down; row += 1)
    for (let channel = 0; channel < channels; channel += 1) shrinkRow(data, rows, columns, copy, row, channel, channels);
  return { data: copy, width: across, height: down, channels };
}

/** Where the samples are: three for each pixel of the copy, in units of `step`. */
function places(from: number, to: number, step: number): Int32Array {
  const found = new Int32Array(3 * to);
  for (let index = 0; index < found.length; index += 1) found[index] = Math.floor(((index + 0.5) * from) / found.length) * step;
  return found;
}

/** One channel of one row. A function of its own, so that it is called often enough to be compiled during the first picture. */
function shrinkRow(
  data: Buffer,
  rows: Int32Array,
  columns: Int32Array,
  copy: Buffer,
  row: number,
  channel: number,
  channels: number,
): void {
  const top = rows[3 * row]! + channel;
  const middle = rows[3 * row + 1]! + channel;
  const bottom = rows[3 * row + 2]! + channel;
  let at = (row * columns.length * channels) / 3 + channel;
  for (let column = 0; column < columns.length; column += 3, at += channels) {
    const left = columns[column]!;
    const centre = columns[column + 1]!;
    const right = columns[column + 2]!;
    const sum =
      data[top + left]! +
      data[top + centre]! +
      data[top + right]! +
      data[middle + left]! +
      data[middle + centre]! +
      data[middle + right]! +
      data[bottom + left]! +
      data[bottom + centre]! +
      data[bottom + right]!;
    // A ninth, rounded, without fractions.
    copy[at] = (sum * 7282 + 32_768) >> 16;
  }
}
