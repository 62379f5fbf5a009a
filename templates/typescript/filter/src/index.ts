import { filter } from '@darkroom/shared/filter';

/** The negative: each channel's distance from white. Alpha stays. */
export const { init, handle, shutdown, liveness, readiness } = filter((image) => void image.invert());
