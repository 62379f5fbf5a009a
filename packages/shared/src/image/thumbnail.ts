import { Rejected } from '../errors.ts';
import type { Rendered } from './bitmap.ts';
import { decodeBmp } from './bmp.ts';
import { costOf } from './cost.ts';
import { unpackHeic } from './decode.ts';
import { prepare, type Prepared } from './inspect.ts';
import { encodeColours, encodeLuma } from './jpeg.ts';
import { sharp } from './libvips.ts';
import type { Sharp } from 'sharp';
import type { ImageLimits } from './limits.ts';
import { openPhoto } from './open.ts';
import { coverSize } from './shrink.ts';

/** A thumbnail to be made. */
export interface Thumbnail {
  /** Estimate of the memory that it takes to make. */
  bytes: number;
  /** @throws Rejected if the picture cannot be read to its end */
  make(): Promise<Buffer>;
}

/**
 * A small copy of a photo or print, as WebP, upright and in sRGB; of an animation, its first frame.
 * @param width in pixels; a narrower picture keeps its own
 * @throws Rejected if it is no picture
 */
export async function thumbnailOf(picture: Buffer, width: number, limits: ImageLimits): Promise<Thumbnail> {
  return smallCopy(picture, limits, (whole) =>
    whole.resize({ width, withoutEnlargement: true }).webp({ quality: 80, effort: 2 }),
  );
}

const coverQuality = 80;

/**
 * A small copy of a print for a mail, at most 480 pixels wide and high: as JPEG, since not every mail program knows WebP, and on white
 * paper. To decode a print of 2 megapixels for it would take as long as to make the print.
 * @throws Rejected if the print cannot be read to its end, or is too large
 */
export async function coverThumbnailOf({ print, small }: Rendered, limits: ImageLimits): Promise<Buffer> {
  if (small)
    return small.channels === 1
      ? encodeLuma(small, coverQuality)
      : encodeColours(small, { quality: coverQuality, halfChroma: true });
  const size = { width: coverSize, height: coverSize, fit: 'inside', withoutEnlargement: true } as const;
  const { make } = await smallCopy(print, limits, (whole) =>
    whole.resize(size).flatten({ background: 'white' }).jpeg({ quality: coverQuality }),
  );
  return make();
}

async function smallCopy(picture: Buffer, limits: ImageLimits, resize: (whole: Sharp) => Sharp): Promise<Thumbnail> {
  const prepared = await prepare(picture, limits);
  return {
    bytes: costOf(prepared.header, prepared.bytes.length, 'image/webp', true).bytes,
    async make() {
      try {
        return await resize(await open(prepared, limits)).toBuffer();
      } catch (cause) {
        throw new Rejected('There is no small copy of this picture: it cannot be read to its end.', { cause });
      }
    },
  };
}

async function open({ bytes, header }: Prepared, limits: ImageLimits) {
  if (header.type === 'image/heic') return openPhoto(await unpackHeic(bytes, header), header, limits, 'error');
  if (header.type !== 'image/bmp') return openPhoto(bytes, { ...header, frames: 1 }, limits, 'error');
  const { data, width, height } = decodeBmp(bytes);
  return sharp(data, { raw: { width, height, channels: 4 } });
}
