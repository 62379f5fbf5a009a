import { filter, type Image } from '@darkroom/shared/filter';

/** Luma of ITU-R BT.601 in 16-bit fixed point, the weights of Pillow's convert("L"). */
export function grayscale({ bitmap: { data } }: Image): void {
  for (let i = 0; i < data.length; i += 4) {
    const luma = (19595 * data[i]! + 38470 * data[i + 1]! + 7471 * data[i + 2]! + 32768) >> 16;
    data[i] = data[i + 1] = data[i + 2] = luma;
  }
}

export const { init, handle, shutdown, liveness, readiness } = filter('grayscale', grayscale, { grey: true, luma: true });
