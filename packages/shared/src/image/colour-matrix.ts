import type { Image } from './jimp.ts';

/** How much of red, green and blue goes into a sum. */
export type Weights = readonly [red: number, green: number, blue: number];
/** The sums that red, green and blue become. */
export type Matrix = readonly [red: Weights, green: Weights, blue: Weights];

/** A filter that says which matrix it is. */
export interface ColourMatrix {
  (image: Image): void;
  readonly matrix: Matrix;
}

/** Luma of ITU-R BT.601-7, 2.5.1, of red, green and blue as they are stored (with gamma). */
export const luma: Weights = [0.299, 0.587, 0.114];

/**
 * A filter by a colour matrix: each of red, green and blue becomes a sum of the three, rounded and clamped to 0..255; alpha stays.
 * It is a function on a Jimp image like any other; since it also names its matrix, libvips can make the whole print (image/short-way.ts).
 * @param matrix the weights of a sum must not add up to 128 or more: they are counted in 65536ths, as Pillow does for convert("L")
 */
export function colourMatrix(matrix: Matrix): ColourMatrix {
  const [[rr, rg, rb], [gr, gg, gb], [br, bg, bb]] = matrix.map((row) =>
    row.map((weight) => Math.round(weight * 65_536)),
  ) as unknown as Matrix;
  const apply = ({ bitmap: { data } }: Image): void => {
    // The array itself clamps.
    const samples = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
    for (let index = 0; index < samples.length; index += 4) {
      const red = samples[index]!;
      const green = samples[index + 1]!;
      const blue = samples[index + 2]!;
      samples[index] = (rr * red + rg * green + rb * blue + 32_768) >> 16;
      samples[index + 1] = (gr * red + gg * green + gb * blue + 32_768) >> 16;
      samples[index + 2] = (br * red + bg * green + bb * blue + 32_768) >> 16;
    }
  };
  return Object.assign(apply, { matrix });
}
