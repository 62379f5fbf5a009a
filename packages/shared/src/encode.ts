import type { Bitmap, Decoded } from './decode.ts';
import { Rejected } from './errors.ts';
import { extensionOf, formats, type PrintType } from './formats.ts';
import { encodeJpeg } from './jpeg.ts';
import { sharp } from './libvips.ts';
import { pack } from './samples.ts';

export interface EncodeOptions {
  type: PrintType;
  /** 1..100 */
  quality?: number;
  /** Red, green and blue are equal in every pixel: store one channel where the format can. */
  grey?: boolean;
  /** Of a format that can do both: keep every pixel as it is. */
  lossless?: boolean;
}

/** Quality where the sender asks for none: above it files grow fast and eyes see no difference. */
const defaultQuality: Partial<Record<PrintType, number>> = { 'image/jpeg': 88, 'image/webp': 85, 'image/avif': 60 };

/** Encodes; an animation stays one where the format can move, else its first frame is kept. No metadata is written. */
export async function encode(
  { frames, delay, loop = 0 }: Decoded,
  { type, quality = defaultQuality[type] ?? 80, grey = false, lossless = false }: EncodeOptions,
): Promise<Buffer> {
  const moving = frames.length > 1 && formats[type].moves;
  const kept = moving ? frames : frames.slice(0, 1);
  const { width, height } = kept[0]!;
  checkSize(kept[0]!, type);
  if (type === 'image/jpeg') return encodeJpeg(kept[0]!, quality, grey);

  const { data, channels } = pack(kept, { grey: grey && type !== 'image/webp' && type !== 'image/gif', alpha: true });
  const pipeline = sharp(data, {
    raw: { width, height: height * kept.length, channels, ...(moving && { pageHeight: height }) },
    limitInputPixels: false,
  });
  if (channels <= 2) pipeline.toColourspace('b-w');
  const animation = moving ? { ...(delay && { delay }), loop } : {};
  switch (type) {
    case 'image/png':
      return pipeline.png({ compressionLevel: 6 }).toBuffer();
    case 'image/webp':
      return pipeline.webp({ quality, lossless, exact: lossless, effort: 2, ...animation }).toBuffer();
    case 'image/avif':
      return pipeline.avif({ quality, effort: 2 }).toBuffer();
    case 'image/gif':
      return pipeline.gif({ dither: 0, effort: 4, ...animation }).toBuffer();
    case 'image/tiff':
      return pipeline.tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer();
  }
}

function checkSize({ width, height }: Bitmap, type: PrintType): void {
  const { longestSide } = formats[type];
  if (Math.max(width, height) <= longestSide) return;
  throw new Rejected(
    `The image is ${width} x ${height} pixels; a ${extensionOf(type).toUpperCase()} file can be at most ${longestSide} wide and high.`,
  );
}
