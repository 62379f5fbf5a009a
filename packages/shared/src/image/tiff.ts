/** One directory of a TIFF: a picture as described by its tags. */
export interface Directory {
  /** The first numbers of a tag; empty if it is absent or holds none. */
  numbers(tag: number): number[];
}

/** Numbers of tags. Source: TIFF 6.0; TIFF/EP (ISO 12234-2) for SubIFDs; DNG 1.7 for its version. */
export const tags = {
  subfile: 254,
  oldSubfile: 255,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  tileWidth: 322,
  tileHeight: 323,
  subDirectories: 330,
  dngVersion: 50_706,
} as const;

/** More than any scanner writes, and few enough to search. */
const mostDirectories = 1000;
const mostNumbers = 32;
const sizes: Record<number, number> = { 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4 };

/**
 * All directories of a TIFF: the pages in order, and the subdirectories of the first. Each offset is read once, so directories that
 * point at each other do no harm. Layout: TIFF 6.0, section 2: a count, then entries of 12 bytes (tag, type, count, value).
 */
export function readDirectories(bytes: Buffer): { pages: Directory[]; below: Directory[] } {
  const little = bytes[0] === 0x49;
  const short = (at: number) => (at + 2 > bytes.length ? 0 : little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number) => (at + 4 > bytes.length ? 0 : little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const number = { 1: (at: number) => bytes[at] ?? 0, 2: short, 4: long } as Record<number, (at: number) => number>;
  const seen = new Set<number>([0]);

  function read(start: number): { directory: Directory; next: number } | undefined {
    if (seen.has(start) || start + 2 > bytes.length || seen.size > mostDirectories) return undefined;
    seen.add(start);
    const end = start + 2 + short(start) * 12;
    const entries = new Map<number, number>();
    for (let at = start + 2; at < end && at + 12 <= bytes.length; at += 12)
      if (!entries.has(short(at))) entries.set(short(at), at);
    return { directory: { numbers: (tag) => numbersAt(entries.get(tag)) }, next: long(end) };
  }

  function numbersAt(entry: number | undefined): number[] {
    const size = entry === undefined ? undefined : sizes[short(entry + 2)];
    if (entry === undefined || size === undefined) return [];
    const count = long(entry + 4);
    const start = count * size <= 4 ? entry + 8 : long(entry + 8);
    return Array.from({ length: Math.min(count, mostNumbers) }, (_, index) => number[size]!(start + index * size));
  }

  const pages: Directory[] = [];
  for (let found = read(long(4)); found; found = read(found.next)) pages.push(found.directory);
  const below = (pages[0]?.numbers(tags.subDirectories) ?? []).flatMap((start) => read(start)?.directory ?? []);
  return { pages, below };
}

const ycbcr = 6;
const jpeg = 7;

/** Whether the first page holds raw YCbCr samples, not within a JPEG: libvips would take them for RGB. */
export function isRawYcbcr(bytes: Buffer): boolean {
  const page = readDirectories(bytes).pages[0];
  return page?.numbers(tags.photometric)[0] === ycbcr && page.numbers(tags.compression)[0] !== jpeg;
}

/** What a camera's sensor saw, not yet turned into colours: colour filter array, linear raw. */
const sensorPhotometric = [32_803, 34_892];
/** How Nikon, Sony, Kodak, Pentax and Samsung compress sensor samples. */
const sensorCompression = [34_713, 32_767, 32_769, 65_000, 65_535, 32_770];

/** Whether the file is a camera's raw file: then its first picture is a thumbnail, and the photo needs a raw converter. */
export function isCameraRaw(bytes: Buffer): boolean {
  const { pages, below } = readDirectories(bytes);
  if ((pages[0]?.numbers(tags.dngVersion).length ?? 0) > 0) return true;
  return [...pages, ...below].some(
    (directory) =>
      sensorPhotometric.includes(directory.numbers(tags.photometric)[0] ?? 0) ||
      sensorCompression.includes(directory.numbers(tags.compression)[0] ?? 0),
  );
}

/** Whether the first picture is a smaller copy of another in the file: because it says so, or because a subdirectory holds a larger one. */
export function startsWithThumbnail(bytes: Buffer): boolean {
  const { pages, below } = readDirectories(bytes);
  const [first, ...others] = pages;
  if (!first) return false;
  const area = (directory: Directory) => (directory.numbers(tags.width)[0] ?? 0) * (directory.numbers(tags.height)[0] ?? 0);
  const larger = (directory: Directory) => area(directory) > area(first);
  return below.some(larger) || (isReduced(first) && others.some(larger));
}

/** Counts the pages that are real pictures, not smaller copies or masks. */
export function countPages(bytes: Buffer): number {
  const pages = readDirectories(bytes).pages.filter(
    (page) => !isReduced(page) && ((page.numbers(tags.subfile)[0] ?? 0) & 4) === 0,
  );
  return Math.max(1, pages.length);
}

function isReduced(directory: Directory): boolean {
  return ((directory.numbers(tags.subfile)[0] ?? 0) & 1) === 1 || directory.numbers(tags.oldSubfile)[0] === 2;
}

/** Bytes in one row of tiles on the first page, which a reader holds as a whole; 0 without tiles. */
export function tileBytes(bytes: Buffer): number {
  const page = readDirectories(bytes).pages[0];
  const [width, height] = [page?.numbers(tags.tileWidth)[0] ?? 0, page?.numbers(tags.tileHeight)[0] ?? 0];
  if (!page || width === 0) return 0;
  const across = Math.ceil((page.numbers(tags.width)[0] ?? 0) / width) * width;
  return (across * height * (page.numbers(tags.samples)[0] ?? 1) * (page.numbers(tags.bits)[0] ?? 8)) / 8;
}
