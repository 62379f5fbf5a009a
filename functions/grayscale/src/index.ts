import { colourMatrix, filter, luma } from '@darkroom/shared/filter';

/** The luma of each pixel, as Pillow's convert("L") has it. */
export const grayscale = colourMatrix([luma, luma, luma]);

export const { init, handle, shutdown, liveness, readiness } = filter('grayscale', grayscale);
