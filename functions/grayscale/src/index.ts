import { colourMatrix, filter, luma } from '@darkroom/shared/filter';

/** The luma of each pixel, as in Pillow's convert("L"). */
export const grayscale = colourMatrix([luma, luma, luma]);

export const { init, handle, shutdown, liveness, readiness } = filter(grayscale);
