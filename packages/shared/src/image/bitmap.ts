/** The pixels of one frame: sRGB, 8-bit RGBA, upright, row by row. */
export interface Bitmap {
  data: Buffer;
  width: number;
  height: number;
}
