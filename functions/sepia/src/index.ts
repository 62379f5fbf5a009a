import { colourMatrix, filter } from '@darkroom/shared/filter';

/** sepia(1) of W3C Filter Effects Module Level 1, section 6.2. */
export const sepia = colourMatrix([
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
]);

export const { init, handle, shutdown, liveness, readiness } = filter(sepia);
