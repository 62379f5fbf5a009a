/** A TIFF that is being made, and the place in it for pixels. */
export interface Tiff {
  bytes: Buffer;
  /** RGBA of 8 bits, row by row, within `bytes`. */
  pixels: Buffer;
}

/** Rows of a strip: libvips holds one at a time. */
const rows = 64;
const [short, long, undefinedType] = [3, 4, 7];

/**
 * Makes an uncompressed TIFF around pixels that are still to be written: libvips takes no profile along with bare pixels.
 * Layout: TIFF 6.0, section 2; the tag of the profile: ICC.1:2022, annex B.4.
 */
export function tiffAround(width: number, height: number, profile: Buffer | undefined): Tiff {
  const strips = Math.ceil(height / rows);
  const strip = rows * width * 4;
  const counted = Array.from({ length: strips }, (_, index) => Math.min(strip, height * width * 4 - index * strip));
  const entries: [tag: number, type: number, count: number, values: number[] | Buffer][] = [
    [256, long, 1, [width]],
    [257, long, 1, [height]],
    [258, short, 4, Buffer.from([8, 0, 8, 0, 8, 0, 8, 0])],
    // No compression; RGB.
    [259, short, 1, [1]],
    [262, short, 1, [2]],
    [273, long, strips, []],
    [277, short, 1, [4]],
    [278, long, 1, [rows]],
    [279, long, strips, counted],
    // The fourth sample is alpha, by which the others are not multiplied.
    [338, short, 1, [2]],
    ...(profile ? [[34_675, undefinedType, profile.length, profile] as [number, number, number, Buffer]] : []),
  ];
  const directory = 8 + 2 + entries.length * 12 + 4;
  const start = directory + 8 + strips * 8 + (profile?.length ?? 0);
  entries[5]![3] = counted.map((_, index) => start + index * strip);
  const bytes = Buffer.allocUnsafe(start + height * width * 4);
  bytes.fill(0, 0, start);
  bytes.write('II*\0\x08\0\0\0', 'latin1');
  bytes.writeUInt16LE(entries.length, 8);
  let [at, beyond] = [10, directory];
  for (const [tag, type, count, values] of entries) {
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(count, at + 4);
    const content = Buffer.isBuffer(values) ? values : longs(values);
    // What is longer than four bytes is elsewhere.
    if (content.length > 4) {
      bytes.writeUInt32LE(beyond, at + 8);
      content.copy(bytes, beyond);
      beyond += content.length;
    } else content.copy(bytes, at + 8);
    at += 12;
  }
  return { bytes, pixels: bytes.subarray(start) };
}

function longs(values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
}
