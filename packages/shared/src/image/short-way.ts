import type { Matrix3x3 } from 'sharp';
import { luma, type Matrix } from './colour-matrix.ts';
import type { EncodeOptions } from './encode.ts';
import { formats, type ImageType } from './formats.ts';
import type { Header } from './inspect.ts';
import type { ImageLimits } from './limits.ts';
import { renderLuma } from './luma.ts';
import { openPhoto } from './open.ts';
import { defaultQuality, save } from './save.ts';
import { isLosslessWebp } from './webp.ts';

/**
 * The print of a photo by a colour matrix, from bytes to bytes within libvips, which decodes, computes and encodes at the same time, and
 * never holds a whole picture.
 * @returns undefined where the long way by Jimp has to be taken: for what is no plain photo, and for a fault that it can name
 */
export async function renderMatrix(
  bytes: Buffer,
  header: Header,
  matrix: Matrix,
  { type, quality }: EncodeOptions,
  limits: ImageLimits,
): Promise<Buffer | undefined> {
  const grey = matrix.every((row) => equal(row, matrix[0]));
  if (type === 'image/jpeg' && grey && equal(matrix[0], luma)) {
    const print = await renderLuma(bytes, header, quality ?? defaultQuality[type]);
    if (print) return print;
  }
  if (!isShort(header, type)) return undefined;
  const photo = openPhoto(bytes, header, limits).recomb(lifted(matrix));
  if (grey && formats[type].grey) photo.extractChannel(0);
  const pixels = header.width * header.height;
  return save(photo, { type, quality, pixels, lossless: isLosslessWebp(bytes) }).catch(() => undefined);
}

/**
 * libvips cuts fractions off, which would darken a print by half a level. Sums that are greater by just less than 1 at white, and by half
 * in the middle, err to both sides: each is one of the two whole numbers beside the exact sum, and greys stay as they are. Rounding
 * proper (`linear(1, 0.5)`) takes half as long again as all the rest (docs/images.md).
 */
function lifted(matrix: Matrix): Matrix3x3 {
  return matrix.map((row) => row.map((weight) => weight + 0.0013)) as Matrix3x3;
}

const equal = (one: readonly number[], other: readonly number[]) => one.every((weight, index) => weight === other[index]);

/** What photos mostly are. For the others libvips has ways of its own: it would store a TIFF with fractions, for one. */
const usual: readonly ImageType[] = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'];

/** Whether the short way can be taken: for one picture of 8 bits without alpha, in a colour model that libvips converts as Darkroom does. */
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
