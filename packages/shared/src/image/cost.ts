import type { PrintType } from './formats.ts';
import { type Header, isHeldWhole, isShort } from './header.ts';
import { halvesChroma } from './save.ts';

/** What a print will cost the machine, judging by the header of the photo. */
export interface Cost {
  /** Peak memory in bytes, on top of the program itself. */
  bytes: number;
  /** Seconds of processor time: an order of magnitude, on a current processor. */
  seconds: number;
}

const MiB = 1024 * 1024;

/** Bytes that a decoder holds per pixel. Like all figures below, measured at 24 megapixels (table in docs/images.md) and rounded up. */
function decoderBytes({ type, interlaced, bands, depth, samplesPerPixel, alpha }: Header): number {
  switch (type) {
    case 'image/jpeg':
      // Every 16-bit coefficient, until the last scan has been read.
      return 0.4 + (interlaced ? 2 * samplesPerPixel : 0);
    case 'image/png':
      return 1 + (interlaced ? bands * bytesOf(depth) : 0);
    case 'image/webp':
      return 8;
    case 'image/avif':
      return alpha ? 7 : 4.5;
    case 'image/gif':
      return 5;
    case 'image/tiff':
      return 1;
    case 'image/bmp':
      return 2;
    case 'image/heic':
      return (alpha ? 8 : 6) + (depth === 'ushort' ? 3 : 0);
  }
}

/** Bytes that the HEVC decoder may take, its program included. It is given no more. */
export function heicDecoderBytes(header: Header): number {
  return Math.round(24 * MiB + header.tile + header.width * header.height * decoderBytes(header));
}

/** Bytes that an encoder holds per pixel, its output included. */
function encoderBytes(type: PrintType, pixels: number, alpha: boolean): number {
  switch (type) {
    case 'image/jpeg':
      // Transparency is first flattened onto white, in a copy.
      return alpha ? 4.8 : 0.6;
    case 'image/png':
      return 1.8;
    case 'image/webp':
      return alpha ? 14 : 6;
    case 'image/avif':
      return (halvesChroma(pixels) ? 23 : 36) + (alpha ? 9 : 0);
    case 'image/gif':
      return 14;
    case 'image/tiff':
      return 2;
  }
}

/** Bytes per pixel of the picture itself: RGBA if it is held as a whole, otherwise a few rows of it. */
function pictureBytes(header: Header, whole: boolean): number {
  const { model, profile, depth, bands, orientation } = header;
  const turned = orientation > 1 ? bands * bytesOf(depth) : 0;
  const inks = model === 'cmyk' && profile === undefined ? bands * Math.min(2, bytesOf(depth)) + 0.5 : 0;
  return turned + inks + (whole ? 4.2 : 0.3);
}

const bytesOf = (depth: string) => ({ uchar: 1, char: 1, ushort: 2, short: 2, double: 8 })[depth] ?? 4;

/** Seconds per megapixel: decoding, and encoding. */
const decoding: Record<Header['type'], number> = {
  'image/jpeg': 0.01,
  'image/png': 0.02,
  'image/webp': 0.03,
  'image/avif': 0.06,
  'image/gif': 0.03,
  'image/tiff': 0.02,
  'image/bmp': 0.01,
  'image/heic': 0.15,
};
const encoding: Record<PrintType, number> = {
  'image/jpeg': 0.01,
  'image/png': 0.04,
  'image/webp': 0.06,
  'image/avif': 0.15,
  'image/gif': 0.13,
  'image/tiff': 0.05,
};

/**
 * Estimates the cost of one print from the header alone.
 * @param fileBytes size of the photo
 * @param type what the print is encoded as
 * @param byMatrix whether the filter is a colour matrix, so that libvips may do everything
 */
export function costOf(header: Header, fileBytes: number, type: PrintType, byMatrix = false): Cost {
  const { width, height, frames, alpha, tile } = header;
  const pixels = width * height * frames;
  const short = byMatrix && isShort(header, type);
  const [decoder, encoder] = [decoderBytes(header), encoderBytes(type, pixels, alpha)];
  // The short way decodes and encodes at the same time, the long way one after the other.
  const whole = !short || (type === 'image/jpeg' && isHeldWhole(header));
  const perPixel = pictureBytes(header, whole) + (short ? decoder + encoder : Math.max(decoder, encoder));
  return {
    // The file, and a copy of it without EXIF.
    // libheif is compiled while it runs.
    bytes: Math.round((header.type === 'image/heic' ? 64 : 16) * MiB + 2 * fileBytes + tile + pixels * perPixel),
    seconds: (pixels / 1e6) * (decoding[header.type] + encoding[type] + (short ? 0 : 0.01)),
  };
}
