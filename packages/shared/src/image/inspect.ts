import { type FileHandle, open } from 'node:fs/promises';
import { readBmpSize } from './bmp-header.ts';
import { borrow } from './borrow.ts';
import { Rejected } from '../errors.ts';
import { type Cost, costOf } from './cost.ts';
import { type Changeable, withoutExif } from './exif.ts';
import { headBytes, refusalOfRaw, typeOf } from './foreign.ts';
import { extensionOf, formats, type ImageType, type PrintType, printType } from './formats.ts';
import type { Header } from './header.ts';
import { readHeicHeader } from './heic-header.ts';
import { type ImageLimits, megabytes } from './limits.ts';
import { metadataOf, readMetadata } from './metadata.ts';
import { withProfile } from './png.ts';
import { isCameraRaw, startsWithThumbnail } from './tiff.ts';

/** A photo ready to be decoded. */
export interface Prepared {
  header: Header;
  /** As libvips should read it: without EXIF, and with a profile if the file describes its colours in some other way. */
  bytes: Buffer;
}

/**
 * Inspects an image by its header alone, before decoding any pixels.
 * @param source bytes, or the path of a file
 * @param asked what the print is to be encoded as, if known: some encoders need much more memory than others
 * @throws Rejected with status 415 (not an image that Darkroom accepts) or 422 (one that cannot be developed)
 */
export async function inspect(source: Buffer | string, limits: ImageLimits, asked?: PrintType): Promise<Header> {
  return typeof source === 'string' ? inspectFile(source, limits, asked) : inspectBytes(source, limits, asked);
}

/** In borrowed memory: with some of its own for each photo, V8 would collect garbage after 64 MB of them, and a process would hold as much. */
async function inspectFile(path: string, limits: ImageLimits, asked: PrintType | undefined): Promise<Header> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await borrow(size, async (memory) => {
      // There is no need to read all of a file that is not an image.
      typeOf(await readFrom(file, memory.subarray(0, Math.min(size, headBytes))), limits);
      const bytes = await readFrom(file, memory.subarray(0, size));
      const { profile, ...header } = await inspectBytes(bytes, limits, asked, (ours) => ours);
      return { ...header, ...(profile && { profile: Buffer.from(profile) }) };
    });
  } finally {
    await file.close();
  }
}

async function inspectBytes(bytes: Buffer, limits: ImageLimits, asked?: PrintType, changeable?: Changeable): Promise<Header> {
  const { header } = await prepare(bytes, limits, changeable);
  const print = asked ?? printType(header.type);
  checkCost(header, costOf(header, bytes.length, print, true), print, limits);
  return header;
}

/** From its beginning, as much as there is room for. */
async function readFrom(file: FileHandle, room: Buffer): Promise<Buffer> {
  for (let length = 0; ;) {
    const { bytesRead } = await file.read(room, length, room.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === room.length) return room.subarray(0, length);
  }
}

/**
 * As `inspect`, for a photo that is then decoded. What a print of it costs is still to be asked (costOf, checkCost).
 * @param changeable as for withoutExif
 */
export async function prepare(original: Buffer, limits: ImageLimits, changeable?: Changeable): Promise<Prepared> {
  const type = typeOf(original, limits);
  if (type === 'image/tiff') refuseThumbnails(original);
  const { bytes, orientation } = withoutExif(type === 'image/png' ? withProfile(original) : original, type, changeable);
  const header = await headerOf(type, bytes, orientation);
  checkSize(header, limits);
  return { header, bytes };
}

async function headerOf(type: ImageType, bytes: Buffer, exifOrientation: number | undefined): Promise<Header> {
  if (type === 'image/bmp') return { ...plainBmp, type, ...readBmpSize(bytes) };
  if (type === 'image/heic') return readHeicHeader(bytes);
  return readMetadata(type, await metadataOf(bytes), bytes, exifOrientation);
}

function refuseThumbnails(bytes: Buffer): void {
  if (isCameraRaw(bytes)) throw refusalOfRaw();
  if (startsWithThumbnail(bytes))
    throw new Rejected(
      'The first picture in this TIFF is only a small copy of the photo. Save the photo as PNG or JPEG and send that.',
      {
        status: 415,
      },
    );
}

const tooLarge = { reason: 'too_large' };

function checkSize(header: Header, limits: ImageLimits): void {
  const { type, width, height, frames } = header;
  if (frames > limits.MAX_FRAMES)
    throw new Rejected(
      `The animation has ${frames} frames; at most ${limits.MAX_FRAMES} can be developed. Send a shorter one.`,
      tooLarge,
    );
  if (width * height * frames > limits.MAX_PIXELS)
    throw new Rejected(
      `The image has ${megapixels(width * height * frames)}; at most ${megapixels(limits.MAX_PIXELS)} can be developed. Send a smaller version of it.`,
      tooLarge,
    );
  const { longestSide } = formats[type];
  if (Math.max(width, height) > longestSide)
    throw new Rejected(
      `The image is ${width} x ${height} pixels; no side can be longer than ${longestSide}. Send a part of it.`,
      tooLarge,
    );
}

/** @throws Rejected when a print would take more memory, or more of a processor, than one photo may have */
export function checkCost({ type }: Header, { bytes, seconds }: Cost, print: PrintType, limits: ImageLimits): void {
  const { MAX_IMAGE_MEMORY, MAX_IMAGE_SECONDS } = limits;
  const kind = print === printType(type) ? '' : ` as ${extensionOf(print).toUpperCase()}`;
  const remedy = 'Send a smaller version of it, or ask for JPEG prints.';
  if (bytes > MAX_IMAGE_MEMORY)
    throw new Rejected(
      `The image would take ${megabytes(bytes)} of memory to develop${kind}; at most ${megabytes(MAX_IMAGE_MEMORY)} is allowed. ${remedy}`,
      tooLarge,
    );
  if (seconds > MAX_IMAGE_SECONDS)
    throw new Rejected(
      `The image would take about ${Math.ceil(seconds)} seconds to develop${kind}; at most ${MAX_IMAGE_SECONDS} are allowed. ${remedy}`,
      tooLarge,
    );
}

const megapixels = (pixels: number) => `${Math.round(pixels / 100_000) / 10} megapixels`;

/** What all BMP files have in common once decoded. */
const plainBmp = {
  frames: 1,
  pictures: 1,
  orientation: 1,
  model: 'srgb',
  alpha: true,
  depth: 'uchar',
  bands: 4,
  interlaced: false,
  samplesPerPixel: 3,
  tile: 0,
};
