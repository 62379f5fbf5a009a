import type { Pixels, Rendered } from './bitmap.ts';
import { isGreyMatrix, type Matrix } from './colour-matrix.ts';
import { type Header, isHeldWhole } from './header.ts';
import { encodeColours, encodeLuma } from './jpeg.ts';
import { type JpegSettings, mostError } from './jpeg-settings.ts';
import { turbo } from './turbo.ts';
import { renderByTurbo } from './turbo-way.ts';

/** A colour matrix whose three sums are one grey, each times a factor of its own. So is sepia, up to a quarter of a level. */
interface Tint {
  /** Weights of the grey, in 65536ths. */
  weights: readonly number[];
  /** By the grey, in sixteenths of a level: what the pixel becomes, as one number, red lowest. */
  table: Int32Array;
}

/**
 * Makes the JPEG of a tinted or grey JPEG. A pixel takes one sum and a look into a table, and libjpeg-turbo needs less than libvips for the rest.
 * @param settings to be tried in this order: the first that keeps enough of the picture, or the last
 * @returns undefined if this cannot be done: another matrix, other colours, or a fault that only the long way can name
 */
export async function renderTint(
  bytes: Buffer,
  header: Header,
  matrix: Matrix,
  settings: JpegSettings[],
  withSmall = false,
): Promise<Rendered | undefined> {
  const tint = isHeldWhole(header) ? knownTint(matrix) : undefined;
  if (!tint) return undefined;
  return renderByTurbo(bytes, header, 4, withSmall, (pixels) => {
    apply(tint, pixels.data);
    return encodeLeanest(isGreyMatrix(matrix) ? lumaOf(pixels) : pixels, settings);
  });
}

const known = new WeakMap<Matrix, { tint: Tint | undefined }>();

function knownTint(matrix: Matrix): Tint | undefined {
  const { tint } = known.get(matrix) ?? { tint: tintOf(matrix) };
  known.set(matrix, { tint });
  return tint;
}

function tintOf(matrix: Matrix): Tint | undefined {
  const grey = [0, 1, 2].map((column) => (matrix[0][column]! + matrix[1][column]! + matrix[2][column]!) / 3);
  const square = product(grey, grey);
  if (square === 0 || grey.some((weight) => weight < 0)) return undefined;
  const factors = matrix.map((row) => product(row, grey) / square);
  const apart = matrix.flatMap((row, index) => farthest(row.map((weight, column) => weight - factors[index]! * grey[column]!)));
  if (Math.max(...apart) > 1 / 3) return undefined;
  const weights = grey.map((weight) => Math.round(weight * 65_536));
  const brightest = 255 * weights.reduce((sum, weight) => sum + weight, 0);
  const table = Int32Array.from({ length: (brightest >> 12) + 1 }, (_, index) => colour(factors, lifted((index + 0.5) / 16)));
  return { weights, table };
}

/** The fast inverse DCT truncates: on average a grey comes out 0.6 of a level too dark. What is black stays black. */
const lifted = (grey: number) => grey + Math.min(0.6, grey);

const product = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, value, index) => sum + value * other[index]!, 0);

/** How many levels a sum with these weights can be from 0, either way. */
const farthest = (weights: number[]) =>
  [1, -1].map((sign) => weights.reduce((sum, weight) => sum + 255 * Math.max(0, sign * weight), 0));

const levels = new Uint8ClampedArray(3);
/** Without a loop, and with one array for all of the table: the first print waits for it, 1 ms instead of 5. */
function colour(factors: number[], grey: number): number {
  levels[0] = factors[0]! * grey;
  levels[1] = factors[1]! * grey;
  levels[2] = factors[2]! * grey;
  return levels[0] | (levels[1] << 8) | (levels[2] << 16) | (255 << 24);
}

function apply({ weights, table }: Tint, rgbx: Buffer): void {
  const pixels = new Int32Array(rgbx.buffer, rgbx.byteOffset, rgbx.length / 4);
  const [ofRed, ofGreen, ofBlue] = weights as [number, number, number];
  for (let index = 0; index < pixels.length; index += 1) {
    const pixel = pixels[index]!;
    const red = Math.imul(ofRed, pixel & 255);
    const green = Math.imul(ofGreen, (pixel >> 8) & 255);
    const blue = Math.imul(ofBlue, (pixel >> 16) & 255);
    pixels[index] = table[(red + green + blue) >> 12]!;
  }
}

function lumaOf({ data: rgbx, width, height }: Pixels): Pixels {
  const data = Buffer.allocUnsafe(width * height);
  for (let at = 0; at < data.length; at += 1) data[at] = rgbx[4 * at]!;
  return { data, width, height, channels: 1 };
}

async function encodeLeanest(pixels: Pixels, [first, ...others]: JpegSettings[]): Promise<Buffer> {
  const print = await (pixels.channels === 1 ? encodeLuma(pixels, first!.quality) : encodeColours(pixels, first!));
  return others.length === 0 || (await keeps(print, pixels)) ? print : encodeLeanest(pixels, others);
}

/** Whether the print is close enough to the picture. */
async function keeps(print: Buffer, { data, width, height, channels }: Pixels): Promise<boolean> {
  const format = channels === 1 ? turbo!.FORMAT_GRAY : turbo!.FORMAT_RGBX;
  const { data: kept } = await turbo!.decompress(print, { format });
  let squares = 0;
  // Of RGBX, X is 255 in both.
  for (let at = 0; at < data.length; at += 1) squares += (data[at]! - kept[at]!) ** 2;
  return squares <= mostError * width * height * (channels === 1 ? 1 : 3);
}
