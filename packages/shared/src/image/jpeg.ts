import type { Bitmap } from './bitmap.ts';
import { borrow } from './borrow.ts';
import { sharp } from './libvips.ts';
import { isGrey, isOpaque, layOnWhite, takeGrey } from './samples.ts';
import type { JpegSettings } from './jpeg-settings.ts';
import { save } from './save.ts';
import { turbo } from './turbo.ts';
import type { EncodeOptions as TurboOptions } from '@julusian/jpeg-turbo';

/** Encodes RGBA as JPEG. Transparency becomes white; a grey picture is stored as luma alone. */
export async function encodeJpeg({ width, height, data: rgba }: Bitmap, settings: JpegSettings): Promise<Buffer> {
  const bitmap = { width, height, data: isOpaque([{ width, height, data: rgba }]) ? rgba : layOnWhite(rgba) };
  const grey = isGrey([bitmap]);
  if (grey) return encodeLuma({ width, height, data: takeGrey([bitmap]).data }, settings.quality);
  return encodeColours(bitmap, settings);
}

/** Encodes RGBA as JPEG, without looking at alpha. */
export async function encodeColours({ width, height, data }: Bitmap, { quality, halfChroma }: JpegSettings): Promise<Buffer> {
  if (!turbo)
    return save(sharp(data, { raw: { width, height, channels: 4 }, limitInputPixels: false }), {
      type: 'image/jpeg',
      quality,
      halfChroma,
      pixels: width * height,
    });
  // It skips an alpha channel faster than the channel could be removed.
  return compress(data, {
    format: turbo.FORMAT_RGBX,
    width,
    height,
    quality,
    subsampling: halfChroma ? turbo.SAMP_420 : turbo.SAMP_444,
  });
}

/** Encodes luma alone, one byte per pixel, as JPEG. */
export async function encodeLuma({ width, height, data }: Bitmap, quality: number): Promise<Buffer> {
  if (turbo) return compress(data, { format: turbo.FORMAT_GRAY, width, height, quality, subsampling: turbo.SAMP_GRAY });
  const pipeline = sharp(data, { raw: { width, height, channels: 1 }, limitInputPixels: false });
  return save(pipeline.toColourspace('b-w'), { type: 'image/jpeg', quality, pixels: width * height });
}

/** libjpeg-turbo wants memory for the worst case; most prints need a tenth of it. */
async function compress(data: Buffer, options: TurboOptions): Promise<Buffer> {
  return borrow(turbo!.bufferSize(options), async (memory) => Buffer.from(await turbo!.compress(data, memory, options)));
}
