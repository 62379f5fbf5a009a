import type { Matrix3x3 } from 'sharp';
import type { Rendered } from './bitmap.ts';
import { release } from './borrow.ts';
import { isGreyMatrix, luma, type Matrix } from './colour-matrix.ts';
import type { EncodeOptions } from './encode.ts';
import { formats } from './formats.ts';
import { type Header, isShort } from './header.ts';
import type { ImageLimits } from './limits.ts';
import { renderLuma } from './luma.ts';
import { openPhoto } from './open.ts';
import { defaultQuality, save } from './save.ts';
import { renderTint } from './tint.ts';
import { isLosslessWebp } from './webp.ts';

/**
 * Makes the print of a colour matrix, bytes to bytes within libvips, which decodes, computes and encodes at the same time and never
 * holds a whole picture.
 * @returns undefined if Jimp has to make the print: the photo is unusual, or has a fault that only the long way can name
 */
export async function renderMatrix(
  bytes: Buffer,
  header: Header,
  matrix: Matrix,
  { type, quality, halfChroma = false, leaner = [], withSmall }: EncodeOptions & { withSmall?: boolean },
  limits: ImageLimits,
): Promise<Rendered | undefined> {
  const grey = isGreyMatrix(matrix);
  if (type === 'image/jpeg') {
    const settings = { quality: quality ?? defaultQuality[type], halfChroma };
    const rendered =
      (isLuma(matrix) ? await renderLuma(bytes, header, settings.quality, withSmall) : undefined) ??
      (await renderTint(bytes, header, matrix, [...leaner, settings], withSmall));
    if (rendered) return rendered;
  }
  release();
  if (!isShort(header, type)) return undefined;
  const photo = openPhoto(bytes, header, limits).recomb(lifted(matrix));
  if (grey && formats[type].grey) photo.extractChannel(0);
  const pixels = header.width * header.height;
  try {
    return { print: await save(photo, { type, quality, halfChroma, pixels, lossless: isLosslessWebp(bytes) }) };
  } catch {
    return undefined;
  }
}

/**
 * libvips truncates, which would darken a print by half a level. Raising the weights adds just under 1 at white and half a level in
 * the middle, so that errors go both ways: each value is one of the two integers next to the exact sum, and greys do not change.
 * Proper rounding (`linear(1, 0.5)`) would take half as long again as everything else (docs/images.md).
 */
function lifted(matrix: Matrix): Matrix3x3 {
  return matrix.map((row) => row.map((weight) => weight + 0.0013)) as Matrix3x3;
}

const isLuma = (matrix: Matrix) => matrix.every((row) => row.every((weight, index) => weight === luma[index]));
