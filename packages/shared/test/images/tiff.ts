/** A TIFF directory: tag, type (3: 16 bits, 4: 32 bits), values. */
export type Entry = [tag: number, type: 3 | 4, ...values: number[]];

/**
 * Builds a TIFF byte by byte: `pages` are chained, and `below` become SubIFDs (tag 330) of the first. All pixels are zero and
 * uncompressed.
 * @param most bytes of pixels in the file, whatever the directory says
 */
export function tiff(pages: Entry[][], below: Entry[][] = [], most = Infinity): Buffer {
  const all = [...pages, ...below];
  const parts: Buffer[] = [Buffer.from('II*\0\0\0\0\0', 'latin1')];
  let at = 8;
  const place = (part: Buffer) => {
    const start = at;
    parts.push(part);
    at += part.length;
    return start;
  };
  const pixels = all.map((entries) => place(Buffer.alloc(Math.min(most, bytesOf(entries)))));
  const starts: number[] = [];
  const links: Buffer[] = [];
  // Back to front, since the first refers to those below it.
  for (let index = all.length - 1; index >= 0; index -= 1) {
    const entries: Entry[] = [...all[index]!, [273, 4, pixels[index]!], [279, 4, bytesOf(all[index]!)]];
    if (index === 0 && below.length > 0) entries.push([330, 4, ...starts.slice(pages.length, all.length)]);
    const directory = Buffer.alloc(2 + entries.length * 12 + 4);
    directory.writeUInt16LE(entries.length);
    entries
      .toSorted(([one], [other]) => one - other)
      .forEach(([tag, type, ...values], row) => {
        const size = type === 3 ? 2 : 4;
        const data = Buffer.alloc(Math.max(4, values.length * size));
        values.forEach((value, position) => data.writeUIntLE(value, position * size, size));
        directory.writeUInt16LE(tag, 2 + row * 12);
        directory.writeUInt16LE(type, 4 + row * 12);
        directory.writeUInt32LE(values.length, 6 + row * 12);
        if (data.length === 4) data.copy(directory, 10 + row * 12);
        else directory.writeUInt32LE(place(data), 10 + row * 12);
      });
    links[index] = directory;
    starts[index] = place(directory);
  }
  pages.forEach((_, index) => links[index]!.writeUInt32LE(starts[index + 1] ?? 0, links[index]!.length - 4));
  if (pages.length > 0) links[pages.length - 1]!.writeUInt32LE(0, links[pages.length - 1]!.length - 4);
  parts[0]!.writeUInt32LE(starts[0]!, 4);
  return Buffer.concat(parts);
}

const value = (entries: Entry[], tag: number, otherwise: number) => entries.find(([name]) => name === tag)?.[2] ?? otherwise;
const bytesOf = (entries: Entry[]) =>
  (value(entries, 256, 1) * value(entries, 257, 1) * value(entries, 277, 1) * value(entries, 258, 8)) / 8;

/** An RGB picture. */
export const rgb = (width: number, height: number, ...more: Entry[]): Entry[] => [
  [256, 4, width],
  [257, 4, height],
  [258, 3, 8, 8, 8],
  [259, 3, 1],
  [262, 3, 2],
  [277, 3, 3],
  [278, 4, height],
  ...more,
];

/** What a sensor saw: a 16-bit colour filter array. */
export const sensor = (width: number, height: number): Entry[] => [
  [254, 4, 0],
  [256, 4, width],
  [257, 4, height],
  [258, 3, 16],
  [259, 3, 1],
  [262, 3, 32_803],
  [277, 3, 1],
  [278, 4, height],
];
