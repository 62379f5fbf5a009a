import { type Apply, filter } from '@darkroom/shared/filter';
import option from '../option.json' with { type: 'json' };

/** A Gaussian blur, by libvips: Jimp's own takes eight times as much memory as the picture. */
export const blur: Apply = async ({ bitmap }, radius) => {
  const { sharp } = await import('@darkroom/shared/image/libvips');
  const { data, width, height } = bitmap;
  bitmap.data = await sharp(data, { raw: { width, height, channels: 4 } })
    .blur(Number(radius))
    .raw()
    .toBuffer();
};

export const { init, handle, shutdown, liveness, readiness } = filter(blur, option);
