import { createJimp } from '@jimp/core';
import { defaultPlugins } from 'jimp';
import sharp from 'sharp';
import { formats, type ImageType, type PrintType } from './formats.ts';
import { Rejected } from './errors.ts';
import { decodeBmp } from './bmp.ts';
import { inspect } from './inspect.ts';
import type { ImageLimits } from './limits.ts';

/** Jimp with all of its operations. Decoding and encoding are libvips' part, below. */
export const Jimp = createJimp({ plugins: defaultPlugins });
export type Image = InstanceType<typeof Jimp>;

/** A decoded photo: sRGB, 8 bits, RGBA, upright. One frame, or those of an animation, all of one size. */
export interface Picture {
  frames: Image[];
  /** Milliseconds that each frame stands. */
  delay?: number[];
  /** How often the animation plays; 0 is for ever. */
  loop?: number;
}

export interface EncodeOptions {
  type: PrintType;
  /** 1..100 */
  quality?: number;
  /** Red, green and blue are equal in every pixel: store one channel where the format can. */
  grey?: boolean;
}

/** JPEG quality where the sender asks for none: above it files grow fast and eyes see no difference. */
const defaultQuality: Partial<Record<PrintType, number>> = { 'image/jpeg': 88, 'image/webp': 85, 'image/avif': 60 };

/**
 * Decodes a photo of any type that Darkroom takes.
 * @throws Rejected when the bytes are no such image, break off, or exceed the limits
 */
export async function decode(bytes: Buffer, limits: ImageLimits): Promise<Picture> {
  const { type, frames: count, delay, loop } = await inspect(bytes, limits);
  if (type === 'image/bmp') return { frames: [new Jimp(decodeBmp(bytes))] };
  const pipeline = sharp(bytes, { pages: count, failOn: 'warning', limitInputPixels: limits.MAX_PIXELS, sequentialRead: true });
  if (count === 1) pipeline.autoOrient();
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw new Rejected('The file is damaged: it starts like an image, but cannot be read to its end.', { cause });
    });
  const height = info.height / count;
  const size = info.width * height * 4;
  const frames = Array.from(
    { length: count },
    (_, index) => new Jimp({ data: data.subarray(index * size, (index + 1) * size), width: info.width, height }),
  );
  return { frames, ...(delay && { delay }), ...(loop !== undefined && { loop }) };
}

/** Encodes; an animation stays one where the format can move, else its first frame is kept. No metadata is written. */
export async function encode({ frames, delay, loop }: Picture, { type, quality, grey = false }: EncodeOptions): Promise<Buffer> {
  const moving = frames.length > 1 && (type === 'image/gif' || type === 'image/webp');
  const kept = moving ? frames : frames.slice(0, 1);
  const { width, height } = kept[0]!.bitmap;
  const data = kept.length === 1 ? kept[0]!.bitmap.data : Buffer.concat(kept.map(({ bitmap }) => bitmap.data));
  const pipeline = sharp(data, {
    raw: { width, height: height * kept.length, channels: 4, ...(moving && { pageHeight: height }) },
    limitInputPixels: false,
  });
  if (!formats[type].alpha) pipeline.flatten({ background: 'white' });
  if (grey) pipeline.toColourspace('b-w');
  const tuned = { quality: quality ?? defaultQuality[type] ?? 80 };
  const animation = moving ? { ...(delay && { delay }), loop: loop ?? 0 } : {};
  switch (type) {
    case 'image/jpeg':
      return pipeline.jpeg(tuned).toBuffer();
    case 'image/png':
      return pipeline.png({ compressionLevel: 6 }).toBuffer();
    case 'image/webp':
      return pipeline.webp({ ...tuned, ...animation, effort: 2 }).toBuffer();
    case 'image/avif':
      return pipeline.avif({ ...tuned, effort: 2 }).toBuffer();
    case 'image/gif':
      return pipeline.gif(animation).toBuffer();
    case 'image/tiff':
      return pipeline.tiff({ compression: 'deflate' }).toBuffer();
  }
}
export type { ImageType };
