import type { ImageType } from './formats.ts';

/** What the header of an image says. */
export interface Header {
  type: ImageType;
  /** Pixels, as the picture is seen (orientation applied). */
  width: number;
  height: number;
  /** Of an animation whose frames can all be developed; 1 otherwise. */
  frames: number;
  /** Frames or pages that the file holds. */
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
  /** Samples of a pixel, alpha among them. */
  bands: number;
  /** Whether rows are not stored from top to bottom, so that a decoder has to hold them all: progressive JPEG, interlaced PNG. */
  interlaced: boolean;
  /** Samples that are stored per pixel: a JPEG may have chroma for every fourth pixel only. */
  samplesPerPixel: number;
  /** Bytes of a row of tiles of a TIFF, which a decoder holds as a whole; 0 without tiles. */
  tile: number;
}

/** The formats of most photos. Others would need care: libvips would store a TIFF as floating point, for one. */
const usual: readonly ImageType[] = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'];

/** Whether the short way (short-way.ts) can be taken: for one picture of 8 bits without alpha, in a colour model that libvips converts as Darkroom does. */
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
