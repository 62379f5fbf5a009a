import { Rejected } from '../errors.ts';

/** How a BMP file is laid out. Source: Microsoft, "Bitmap Header Types" (BITMAPFILEHEADER, then one of seven others). */
export interface BmpHeader {
  width: number;
  height: number;
  topDown: boolean;
  /** Bits per pixel. */
  depth: number;
  compression: number;
  /** Which bits of a pixel are red, green, blue and alpha; 0 if there are none. */
  masks: [number, number, number, number];
  /** Offset of the colour table, and bytes per entry. */
  palette: { start: number; stride: 3 | 4; entries: number };
  /** Offset of the pixels. */
  pixels: number;
}

export const compressions = { none: 0, runs8: 1, runs4: 2, masks: 3, masksWithAlpha: 6 } as const;

/** Width and height from BITMAPCOREHEADER (16 bits each) or BITMAPINFOHEADER (32 bits, with a negative height if top-down). */
export function readBmpSize(head: Buffer): { width: number; height: number } {
  if (head.length < 26) throw new Rejected('The file is damaged: it starts like a BMP image, but its header cannot be read.');
  const core = head.readUInt32LE(14) === 12;
  const width = core ? head.readUInt16LE(18) : head.readInt32LE(18);
  const height = core ? head.readUInt16LE(20) : Math.abs(head.readInt32LE(22));
  if (width <= 0 || height <= 0) throw new Rejected('The file is damaged: the BMP header gives it no size.');
  return { width, height };
}

export function readBmpHeader(bytes: Buffer): BmpHeader {
  const size = bytes.readUInt32LE(14);
  const core = size === 12;
  const depth = bytes.readUInt16LE(core ? 24 : 28);
  const compression = core ? compressions.none : bytes.readUInt32LE(30);
  const masked = compression === compressions.masks || compression === compressions.masksWithAlpha;
  const colours = core ? 0 : bytes.readUInt32LE(46);
  // Masks follow the shortest header that supports them; longer headers contain them.
  const extra = size === 40 && masked ? (compression === compressions.masksWithAlpha ? 16 : 12) : 0;
  const start = 14 + size + extra;
  const stride = core ? 3 : 4;
  const pixels = bytes.readUInt32LE(10);
  const entries = depth > 8 ? 0 : Math.min(colours || 2 ** depth, 256);
  // Some programs forget to count their colour table when they state where the pixels begin.
  const forgotten = entries > 0 && pixels === 14 + size;
  return {
    ...readBmpSize(bytes),
    topDown: !core && bytes.readInt32LE(22) < 0,
    depth,
    compression,
    masks: masked ? readMasks(bytes, size >= 56 || extra === 16) : defaultMasks(depth),
    palette: { start, stride, entries: forgotten ? entries : Math.min(entries, Math.floor((pixels - start) / stride)) },
    pixels: forgotten ? start + entries * stride : pixels,
  };
}

function readMasks(bytes: Buffer, withAlpha: boolean): BmpHeader['masks'] {
  return [bytes.readUInt32LE(54), bytes.readUInt32LE(58), bytes.readUInt32LE(62), withAlpha ? bytes.readUInt32LE(66) : 0];
}

function defaultMasks(depth: number): BmpHeader['masks'] {
  return depth === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}
