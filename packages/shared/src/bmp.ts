import bmp from '@jimp/js-bmp';
import { Rejected } from './errors.ts';

interface Bitmap {
  data: Buffer;
  width: number;
  height: number;
}

/** libvips has no loader for BMP; Jimp has. RGBA, top row first. */
export function decodeBmp(bytes: Buffer): Bitmap {
  try {
    const { data, width, height } = bmp().decode(bytes);
    return { data, width, height };
  } catch (cause) {
    throw new Rejected('The file is damaged: it starts like a BMP image, but cannot be read.', { cause });
  }
}

/** Width and height from BITMAPCOREHEADER (16 bits each) or BITMAPINFOHEADER (32 bits, height negative when top-down). */
export function readBmpSize(head: Buffer): { width: number; height: number } {
  const core = head.length >= 26 && head.readUInt32LE(14) === 12;
  if (head.length < 26) throw new Rejected('The file is damaged: it starts like a BMP image, but its header cannot be read.');
  const width = core ? head.readUInt16LE(18) : head.readInt32LE(18);
  const height = core ? head.readUInt16LE(20) : Math.abs(head.readInt32LE(22));
  if (width <= 0 || height <= 0) throw new Rejected('The file is damaged: the BMP header gives it no size.');
  return { width, height };
}
