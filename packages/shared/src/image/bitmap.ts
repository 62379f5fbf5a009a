/** Pixels of one frame: sRGB, 8 bits, RGBA, upright, row by row. */
export interface Bitmap {
  data: Buffer;
  width: number;
  height: number;
}
