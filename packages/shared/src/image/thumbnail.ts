import { Rejected } from '../errors.ts';
import { decodeBmp } from './bmp.ts';
import { costOf } from './cost.ts';
import { unpackHeic } from './decode.ts';
import { prepare, type Prepared } from './inspect.ts';
import { sharp } from './libvips.ts';
import type { ImageLimits } from './limits.ts';
import { openPhoto } from './open.ts';

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
  const prepared = await prepare(picture, limits);
  return {
    bytes: costOf(prepared.header, prepared.bytes.length, 'image/webp', true).bytes,
    async make() {
      try {
        const opened = await open(prepared, limits);
        return await opened.resize({ width, withoutEnlargement: true }).webp({ quality: 80, effort: 2 }).toBuffer();
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
