import type { Image } from './jimp.ts';

/** How much of red, green and blue goes into one sum. */
export type Weights = readonly [red: number, green: number, blue: number];
/** The sums that red, green and blue become. */
export type Matrix = readonly [red: Weights, green: Weights, blue: Weights];

/** Whether red, green and blue become the same. */
export function isGreyMatrix([red, ...others]: Matrix): boolean {
  return others.every((row) => row.every((weight, index) => weight === red[index]));
}

/** A filter that declares its matrix. */
export interface ColourMatrix {
  (image: Image): void;
  readonly matrix: Matrix;
}

/** Luma as defined by ITU-R BT.601-7, 2.5.1, from red, green and blue as stored (with gamma). */
export const luma: Weights = [0.299, 0.587, 0.114];

/**
 * Makes a filter from a colour matrix: red, green and blue each become a sum of the three, rounded and clamped to 0..255; alpha stays.
 * It is a function on a Jimp image like any other; because it also declares its matrix, libvips can make the whole print (image/short-way.ts).
 * @param matrix the weights of a sum must add up to less than 128: they are in 65536ths, as in Pillow's convert("L")
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
