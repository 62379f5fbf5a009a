import { filter, type Image } from '@darkroom/shared/filter';

/** The matrix of sepia(1) in W3C Filter Effects Module Level 1, section 6.2, in 16-bit fixed point; the array itself clamps. */
export function sepia({ bitmap: { data } }: Image): void {
  const samples = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < samples.length; i += 4) {
    const red = samples[i]!;
    const green = samples[i + 1]!;
    const blue = samples[i + 2]!;
    samples[i] = (25756 * red + 50397 * green + 12386 * blue + 32768) >> 16;
    samples[i + 1] = (22872 * red + 44958 * green + 11010 * blue + 32768) >> 16;
    samples[i + 2] = (17826 * red + 34996 * green + 8585 * blue + 32768) >> 16;
  }
}

export const { init, handle, shutdown, liveness, readiness } = filter('sepia', sepia);
