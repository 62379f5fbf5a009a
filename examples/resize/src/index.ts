import { type Apply, filter } from '@darkroom/shared/filter';
import option from '../option.json' with { type: 'json' };

/** Makes a photo smaller, never larger, until no side is longer than asked for. */
export const resize: Apply = async (image, side) => {
  const { sharp } = await import('@darkroom/shared/image/libvips');
  const { data, width, height } = image.bitmap;
  const small = sharp(data, { raw: { width, height, channels: 4 } }).resize({
    width: Number(side),
    height: Number(side),
    fit: 'inside',
    withoutEnlargement: true,
  });
  const made = await small.raw().toBuffer({ resolveWithObject: true });
  image.bitmap = { data: made.data, width: made.info.width, height: made.info.height };
};

export const { init, handle, shutdown, liveness, readiness } = filter(resize, option);
