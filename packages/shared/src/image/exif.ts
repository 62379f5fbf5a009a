/**
 * EXIF is read here and hidden from libvips, which would pass it to libexif, and libexif loops forever on directories that point at
 * themselves. Of everything in EXIF, a print needs only the orientation.
 */
import { crc32 } from 'node:zlib';
import type { ImageType } from './formats.ts';
import { chunksOf as pngChunks } from './png.ts';
import { chunksOf as webpChunks } from './webp.ts';

/** A photo without its EXIF, and what the EXIF said. */
export interface Bare {
  bytes: Buffer;
  /** 1..8 as in EXIF; 1 is upright. Undefined if EXIF says nothing. */
  orientation?: number;
}

/** The bytes of a photo as they may be changed: a copy, unless nobody needs them as they were. */
export type Changeable = (bytes: Buffer) => Buffer;

/** Returns the photo itself if it has no EXIF, otherwise `changeable` without it. */
export function withoutExif(bytes: Buffer, type: ImageType, changeable: Changeable = (original) => Buffer.from(original)): Bare {
  const hide = (blocks: Block[], seal?: Seal) => hidden(bytes, blocks, changeable, seal);
  switch (type) {
    case 'image/jpeg':
      return hide(jpegBlocks(bytes));
    case 'image/webp':
      return hide(webpBlocks(bytes));
    case 'image/png':
      return hide(pngBlocks(bytes), sealPng);
    case 'image/avif':
      // Orientation is a property of the picture here, and libheif applies it.
      return { bytes: hide(avifBlocks(bytes)).bytes };
    default:
      return { bytes };
  }
}

/** Where a format labels a block as EXIF, and where the EXIF itself begins. */
interface Block {
  /** Offset of the name, which is overwritten: readers skip unknown blocks. */
  name: number;
  /** Offset of the TIFF header within. */
  start: number;
}

type Seal = (copy: Buffer, block: Block) => void;

function hidden(bytes: Buffer, blocks: Block[], changeable: Changeable, seal?: Seal): Bare {
  const [first] = blocks;
  if (!first) return { bytes };
  // Before anything else is changed, and EXIF with it.
  const orientation = readOrientation(bytes.subarray(first.start));
  const copy = changeable(bytes);
  for (const block of blocks) {
    // A name nobody else uses, however it is cased. PNG gives case a meaning: ancillary, private, unrelated to the pixels.
    copy.write('daRk', block.name, 'latin1');
    seal?.(copy, block);
  }
  return { bytes: copy, ...(orientation && { orientation }) };
}

/**
 * An APP1 segment whose content begins with "Exif\0\0" (CIPA DC-008, 4.5.4). The bytes 0xFF 0xE1 never occur among pixels, so no order
 * of segments can hide one.
 */
function jpegBlocks(bytes: Buffer): Block[] {
  const blocks: Block[] = [];
  const signature = Buffer.from('Exif\0\0', 'latin1');
  for (let at = bytes.indexOf(signature); at !== -1; at = bytes.indexOf(signature, at + 1))
    if (bytes[at - 4] === 0xff && bytes[at - 3] === 0xe1) blocks.push({ name: at, start: at + signature.length });
  return blocks;
}

function pngBlocks(bytes: Buffer): Block[] {
  return [...pngChunks(bytes)].filter(({ name }) => name === 'eXIf').map(({ at }) => ({ name: at + 4, start: at + 8 }));
}

/** A chunk ends with a checksum over its name and content. */
function sealPng(copy: Buffer, { name }: Block): void {
  const end = name + 4 + copy.readUInt32BE(name - 4);
  if (end + 4 <= copy.length) copy.writeUInt32BE(crc32(copy.subarray(name, end)), end);
}

function webpBlocks(bytes: Buffer): Block[] {
  return [...webpChunks(bytes)]
    .filter(({ name }) => name === 'EXIF')
    .map(({ at, start }) => ({ name: at, start: bytes.toString('latin1', start, start + 4) === 'Exif' ? start + 6 : start }));
}

/** An item entry of type "Exif" (ISO/IEC 14496-12, 8.11.6): version and flags, then an id and an index, then the type. */
function avifBlocks(bytes: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = bytes.indexOf('infe', 0, 'latin1'); at !== -1; at = bytes.indexOf('infe', at + 1, 'latin1')) {
    const name = at + 8 + (bytes[at + 4] === 3 ? 6 : 4);
    if (bytes.toString('latin1', name, name + 4) === 'Exif') blocks.push({ name, start: bytes.length });
  }
  return blocks;
}

const orientationTag = 0x0112;

/** Reads the first directory only; what it points to does not matter. Layout: TIFF 6.0, section 2. */
function readOrientation(tiff: Buffer): number | undefined {
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 10 || (order !== 'II' && order !== 'MM')) return undefined;
  const short = (at: number) => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const start = order === 'II' ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (start + 2 > tiff.length) return undefined;
  const end = Math.min(start + 2 + short(start) * 12, tiff.length - 12 + 1);
  for (let at = start + 2; at < end; at += 12) {
    if (short(at) !== orientationTag) continue;
    const value = short(at + 8);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
