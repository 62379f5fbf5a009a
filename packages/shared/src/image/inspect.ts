import { open } from 'node:fs/promises';
import type { Metadata } from 'sharp';
import { readBmpSize } from './bmp-header.ts';
import { Rejected } from '../errors.ts';
import { formats, type ImageType, sniff } from './formats.ts';
import type { ImageLimits } from './limits.ts';

/** What the header of an image says. */
export interface Header {
  type: ImageType;
  /** Pixels, as the picture is seen (orientation applied). */
  width: number;
  height: number;
  /** Of an animation; 1 otherwise. */
  frames: number;
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
}

/**
 * Judges an image by its header alone, before any pixel is decoded.
 * @param source bytes, or the path of a file
 * @throws Rejected with status 415 (not an image that Darkroom takes) or 422 (one that cannot be used)
 */
export async function inspect(source: Buffer | string, limits: ImageLimits): Promise<Header> {
  const head = typeof source === 'string' ? await readHead(source) : source;
  const type = sniff(head);
  if (!type)
    throw new Rejected('This is not an image that can be developed. Send a JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file.', {
      status: 415,
    });
  const header =
    type === 'image/bmp'
      ? { type, ...readBmpSize(head), frames: 1, orientation: 1, model: 'srgb', alpha: true, depth: 'uchar' }
      : readMetadata(type, await metadataOf(source));
  const { width, height, frames } = header;
  if (frames > limits.MAX_FRAMES)
    throw new Rejected(`The animation has ${frames} frames; at most ${limits.MAX_FRAMES} can be developed.`);
  if (width * height * frames > limits.MAX_PIXELS) {
    const megapixels = (pixels: number) => `${Math.round(pixels / 100_000) / 10} megapixels`;
    throw new Rejected(
      `The image has ${megapixels(width * height * frames)}; at most ${megapixels(limits.MAX_PIXELS)} can be developed.`,
    );
  }
  return header;
}

function readMetadata(type: ImageType, metadata: Metadata): Header {
  const { pageHeight, pages, autoOrient, delay, loop, orientation, space, icc, depth, hasAlpha } = metadata;
  const frames = formats[type].moves ? (pages ?? 1) : 1;
  const size = frames > 1 ? { width: metadata.width, height: pageHeight ?? metadata.height } : autoOrient;
  return {
    type,
    ...size,
    frames,
    ...(frames > 1 && { ...(delay && { delay }), ...(loop !== undefined && { loop }) }),
    // libvips cannot turn an animation.
    orientation: frames > 1 ? 1 : (orientation ?? 1),
    model: space,
    alpha: hasAlpha,
    depth,
    ...(icc && { profile: icc }),
  };
}

/** libvips is loaded with the first image, not before: a page or a status needs none of it. */
async function metadataOf(source: Buffer | string): Promise<Metadata> {
  const { sharp } = await import('./libvips.ts');
  return sharp(source, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .catch((cause: unknown) => {
      throw new Rejected('The file is damaged: it starts like an image, but its header cannot be read.', { cause });
    });
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
