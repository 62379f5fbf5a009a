/** The pixels of one frame: sRGB, 8-bit RGBA, upright, row by row. */
export interface Bitmap {
  data: Buffer;
  width: number;
  height: number;
}

/** The pixels of an opaque picture, upright: as in a bitmap, or one sample each if they are grey. */
export interface Pixels extends Bitmap {
  channels: 1 | 4;
}

/** A print, and a small copy of its pixels for a mail, if they were at hand when it was made. */
export interface Rendered {
  print: Buffer;
  small?: Pixels;
}
