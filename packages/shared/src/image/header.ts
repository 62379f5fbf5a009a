import type { ImageType } from './formats.ts';

/** What the header of an image says. */
export interface Header {
  type: ImageType;
  /** Pixels as displayed (orientation applied). */
  width: number;
  height: number;
  /** Frames of an animation that can be developed as a whole; 1 otherwise. */
  frames: number;
  /** Frames or pages in the file. */
  pictures: number;
  delay?: number[];
  loop?: number;
  /** 1..8 as in EXIF; 1 is upright. */
  orientation: number;
  /** The colour model as libvips names it: srgb, b-w, cmyk, rgb16, ... */
  model: string;
  /** The embedded ICC profile. */
  profile?: Buffer;
  /** Whether it has an alpha channel, or a transparent colour. */
  alpha: boolean;
  /** How a sample is stored, as libvips names it: uchar, ushort, float, ... */
  depth: string;
  /** Samples per pixel, alpha included. */
  bands: number;
  /** Whether rows are not stored top to bottom, so that a decoder has to hold them all: progressive JPEG, interlaced PNG. */
  interlaced: boolean;
  /** Samples stored per pixel: a JPEG may hold chroma for only every fourth pixel. */
  samplesPerPixel: number;
  /** Bytes that a decoder holds as a whole beside the rest: a row of TIFF tiles, or a picture within a HEIC; 0 without them. */
  tile: number;
}

/** The formats of most photos. Others need care: libvips would store a TIFF as floating point, for example. */
const usual: readonly ImageType[] = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'];

/** Whether the short way (short-way.ts) is possible: a single 8-bit picture without alpha, in a colour model that libvips converts as Darkroom does. */
export function isShort({ type, frames, depth, model, alpha }: Header, print: ImageType): boolean {
  return (
    usual.includes(print) &&
    usual.includes(type) &&
    frames === 1 &&
    depth === 'uchar' &&
    (model === 'srgb' || model === 'b-w') &&
    !alpha
  );
}

/** Whether a JPEG may be held as a whole on the short way (tint.ts). In larger ones, memory counts for more than time. */
export function isHeldWhole({ type, width, height }: Header): boolean {
  return type === 'image/jpeg' && width * height <= 16_000_000;
}
