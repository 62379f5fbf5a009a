import { createJimp } from '@jimp/core';
import { defaultPlugins } from 'jimp';
import * as v from 'valibot';
import { decode } from './decode.ts';
import { encode, type EncodeOptions } from './encode.ts';
import { formats, type ImageType, type PrintType } from './formats.ts';
import { prepare } from './inspect.ts';
import { limits } from './limits.ts';

/** A format as Jimp expects it, with libvips behind it: `Jimp.fromBuffer(bytes)` and `image.getBuffer('image/webp')`. */
function format<Mime extends ImageType>(mime: Mime) {
  return () => ({
    mime,
    // Otherwise Jimp itself flattens the image onto its background, pixel by pixel.
    hasAlpha: true,
    async decode(original: Buffer) {
      const imageLimits = { ...v.parse(v.object(limits), {}), HEIC: false };
      const { header, bytes } = await prepare(original, imageLimits);
      // Jimp itself turns JPEGs upright, but no other format.
      if (mime === 'image/jpeg') header.orientation = 1;
      const { frames } = await decode(bytes, header, imageLimits);
      return frames[0]!;
    },
    encode: (bitmap: { data: Buffer; width: number; height: number }, options: Omit<EncodeOptions, 'type'> = {}) =>
      encode({ frames: [bitmap] }, { ...options, type: formats[mime].print satisfies PrintType }),
  });
}

/** Jimp with all of its operations, and every format that Darkroom supports. */
export const Jimp = createJimp({
  plugins: defaultPlugins,
  formats: [
    format('image/jpeg'),
    format('image/png'),
    format('image/webp'),
    format('image/avif'),
    format('image/gif'),
    format('image/tiff'),
  ],
});
export type Image = InstanceType<typeof Jimp>;
