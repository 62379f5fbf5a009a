import type { Sharp, SharpOptions } from 'sharp';
import { decodeBmp } from './bmp.ts';
import { naiveRgba } from './cmyk.ts';
import { Rejected } from './errors.ts';
import { type Header, inspect } from './inspect.ts';
import { sharp } from './libvips.ts';
import type { ImageLimits } from './limits.ts';
import { isSrgb } from './profile.ts';

/** Pixels of one frame: sRGB, 8 bits, RGBA, upright, row by row. */
export interface Bitmap {
  data: Buffer;
  width: number;
  height: number;
}

/** A decoded photo: one frame, or those of an animation, all of one size. */
export interface Decoded {
  frames: Bitmap[];
  /** Milliseconds that each frame stands. */
  delay?: number[];
  /** How often the animation plays; 0 is for ever. */
  loop?: number;
}

/**
 * Decodes a photo of any type that Darkroom takes.
 * @param upright whether to apply the orientation that the file asks for
 * @throws Rejected when the bytes are no such image, break off, or exceed the limits
 */
export async function decode(bytes: Buffer, limits: ImageLimits, { upright = true } = {}): Promise<Decoded> {
  const header = await inspect(bytes, limits);
  if (header.type === 'image/bmp') return { frames: [decodeBmp(bytes)] };
  const { data, width, height } = await readPixels(bytes, upright ? header : { ...header, orientation: 1 }, limits).catch(
    (cause: unknown) => {
      throw new Rejected('The file is damaged: it starts like an image, but cannot be read to its end.', { cause });
    },
  );
  const { frames: count, delay, loop } = header;
  const size = data.length / count;
  const frames = Array.from({ length: count }, (_, index) => ({
    data: data.subarray(index * size, (index + 1) * size),
    width,
    height: height / count,
  }));
  return { frames, ...(delay && { delay }), ...(loop !== undefined && { loop }) };
}

/**
 * What libjpeg warns of although every pixel is there: stray bytes between segments, as several cameras leave them, and odd
 * version numbers. Its other warnings mean that part of the picture is made up.
 */
const harmless = /extraneous bytes before marker|Adobe color transform|JFIF revision/;

async function readPixels(bytes: Buffer, header: Header, limits: ImageLimits): Promise<Bitmap> {
  const options: SharpOptions = {
    pages: header.frames,
    limitInputPixels: limits.MAX_PIXELS,
    sequentialRead: true,
    ignoreIcc: header.profile !== undefined && isSrgb(header.profile),
  };
  if (header.type !== 'image/jpeg') return readRgba(sharp(bytes, { ...options, failOn: 'error' }), header);
  try {
    return await readRgba(sharp(bytes, { ...options, failOn: 'warning' }), header);
  } catch (error) {
    if (!(error instanceof Error && harmless.test(error.message))) throw error;
    return readRgba(sharp(bytes, { ...options, failOn: 'error' }), header);
  }
}

async function readRgba(pipeline: Sharp, { orientation, model, profile }: Header): Promise<Bitmap> {
  if (orientation > 1) pipeline.autoOrient();
  const inks = model === 'cmyk' && profile === undefined;
  if (inks) pipeline.pipelineColourspace('cmyk').toColourspace('cmyk');
  else pipeline.toColourspace('srgb').ensureAlpha();
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data: inks ? naiveRgba(data, info.channels) : data, width: info.width, height: info.height };
}
