import type { Bitmap } from './bitmap.ts';
import type { Sharp } from 'sharp';
import { decodeBmp } from './bmp.ts';
import { naiveRgba } from './cmyk.ts';
import { Rejected } from '../errors.ts';
import type { ImageType } from './formats.ts';
import type { Header } from './header.ts';
import type { ImageLimits } from './limits.ts';
import { openPhoto } from './open.ts';
import { isRawYcbcr } from './tiff.ts';
import { isLosslessWebp } from './webp.ts';

export type { Bitmap };

/** A decoded photo: one frame, or all frames of an animation, of equal size. */
export interface Decoded {
  frames: Bitmap[];
  /** Milliseconds that each frame is shown. */
  delay?: number[];
  /** How often the animation plays; 0 means forever. */
  loop?: number;
  /** A lossless WebP, whose print should be lossless too. */
  lossless?: boolean;
}

/**
 * Decodes a photo of any type that Darkroom accepts.
 * @param bytes from `prepare`
 * @param header from `prepare`
 * @throws Rejected if the bytes are truncated or make no sense
 */
export async function decode(bytes: Buffer, header: Header, limits: ImageLimits): Promise<Decoded> {
  if (header.type === 'image/bmp') return { frames: [decodeBmp(bytes)] };
  // Signed samples and 32-bit integers are measurements, not pictures; libvips would read them and invent an alpha channel.
  const measured = !['uchar', 'ushort', 'float'].includes(header.depth);
  if (measured || (header.type === 'image/tiff' && isRawYcbcr(bytes))) throw new Rejected(damaged(header.type));
  const readable = header.type === 'image/heic' ? await unpackHeic(bytes, header) : bytes;
  const { data, width, height } = await readPixels(readable, header, limits).catch((cause: unknown) => {
    throw new Rejected('The file is damaged: it starts like an image, but cannot be read to its end.', { cause });
  });
  const { frames: count, delay, loop } = header;
  const size = data.length / count;
  const frames = Array.from({ length: count }, (_, index) => ({
    data: data.subarray(index * size, (index + 1) * size),
    width,
    height: height / count,
  }));
  return { frames, ...(delay && { delay }), ...(loop !== undefined && { loop }), lossless: isLosslessWebp(bytes) };
}

/** A TIFF of the same pixels. Its decoder is loaded with the first HEIC photo, not before. */
export async function unpackHeic(bytes: Buffer, header: Header): Promise<Buffer> {
  const { tiffOfHeic } = await import('./heic.ts');
  return tiffOfHeic(bytes, header);
}

function damaged(type: ImageType): string {
  return type === 'image/tiff'
    ? 'The file cannot be read: it is damaged, or one of the rarer kinds of TIFF. Send the photo as PNG.'
    : 'The file is damaged: it starts like an image, but cannot be read to its end.';
}

/**
 * Decoder warnings that leave every pixel intact. libjpeg: stray bytes between segments, which several cameras write, and odd version
 * numbers; its other warnings mean that part of the picture is made up. libtiff: warnings about tags; pixels that it cannot read are
 * errors, which libvips shows as black unless told to be strict.
 */
const harmless: Partial<Record<ImageType, RegExp>> = {
  'image/jpeg': /extraneous bytes before marker|Adobe color transform|JFIF revision/,
  'image/tiff': /^Warning treated as error/,
};

async function readPixels(bytes: Buffer, header: Header, limits: ImageLimits): Promise<Bitmap> {
  const read = (failOn: 'warning' | 'error') => readRgba(openPhoto(bytes, header, limits, failOn), header);
  const excuse = harmless[header.type];
  if (!excuse) return read('error');
  try {
    return await read('warning');
  } catch (error) {
    if (!(error instanceof Error && excuse.test(error.message))) throw error;
    return read('error');
  }
}

async function readRgba(photo: Sharp, { model, depth, profile }: Header): Promise<Bitmap> {
  const inks = model === 'cmyk' && profile === undefined;
  if (inks) photo.pipelineColourspace('cmyk').toColourspace('cmyk');
  else photo.toColourspace('srgb').ensureAlpha();
  const deep = inks && depth === 'ushort';
  const { data, info } = await photo.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (!inks) return { data, width, height };
  return { data: naiveRgba(data, channels, deep ? 2 : 1), width, height };
}
