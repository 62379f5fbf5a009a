import { filter } from '@darkroom/shared/filter';

/** The matrix of sepia(1) in W3C Filter Effects Module Level 1, section 6.2; clamped and rounded by the array itself. */
export const { init, handle, shutdown, liveness, readiness } = filter('sepia', ({ bitmap: { data } }) => {
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < data.length; i += 4) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    clamped[i] = 0.393 * red + 0.769 * green + 0.189 * blue;
    clamped[i + 1] = 0.349 * red + 0.686 * green + 0.168 * blue;
    clamped[i + 2] = 0.272 * red + 0.534 * green + 0.131 * blue;
  }
});
