import { availableParallelism } from 'node:os';
import type { Bitmap, Decoded } from './decode.ts';
import { Rejected } from '../errors.ts';
import { extensionOf, formats, type PrintType } from '../formats.ts';
import { encodeJpeg } from './jpeg.ts';
import { sharp } from './libvips.ts';
import { encodePng } from './png.ts';
import { isOpaque, joined, pack } from './samples.ts';

export interface EncodeOptions {
  type: PrintType;
  /** 1..100 */
  quality?: number;
  /** Red, green and blue are equal in every pixel: store one channel where the format can. */
  grey?: boolean;
}

/** Quality where the sender asks for none: a print is to keep 38 dB and more of any photo (docs/images.md has the figures). */
export const defaultQuality = { 'image/jpeg': 96, 'image/webp': 90, 'image/avif': 75 } as const;

/** Encodes; an animation stays one where the format can move, else its first frame is kept. No metadata is written. */
export async function encode(
  { frames, delay, loop = 0, lossless = false }: Decoded,
  { type, quality, grey = false }: EncodeOptions,
): Promise<Buffer> {
  const moving = frames.length > 1 && formats[type].moves;
  const kept = moving ? frames : frames.slice(0, 1);
  const { width, height } = kept[0]!;
  checkSize(kept[0]!, type);
  if (type === 'image/jpeg') return encodeJpeg(kept[0]!, quality ?? defaultQuality[type], grey);
  if (type === 'image/png') return encodePng({ ...pack(kept, { grey, alpha: true }), width, height });

  const single = grey && (type === 'image/tiff' || type === 'image/avif');
  const { data, channels } = single ? pack(kept, { grey, alpha: true }) : { data: joined(kept), channels: 4 as const };
  const pipeline = sharp(data, {
    raw: { width, height: height * kept.length, channels, ...(moving && { pageHeight: height }) },
    limitInputPixels: false,
  });
  if (single) pipeline.toColourspace('b-w');
  // GIF is exact with an alpha channel only: without one, libvips lets frames share their colours.
  else if (type !== 'image/gif' && isOpaque(kept)) pipeline.removeAlpha();
  const animation = moving ? { ...(delay && { delay }), loop } : {};
  switch (type) {
    case 'image/webp': {
      const exact = lossless && quality === undefined;
      return pipeline
        .webp({ quality: quality ?? defaultQuality[type], lossless: exact, exact, effort: 2, ...animation })
        .toBuffer();
    }
    case 'image/avif':
      // The one encoder that is worth several threads: it takes seconds where the others take a tenth of one.
      sharp.concurrency(availableParallelism());
      return pipeline
        .avif({ quality: quality ?? defaultQuality[type], effort: 0 })
        .toBuffer()
        .finally(() => sharp.concurrency(1));
    case 'image/gif':
      return pipeline.gif({ dither: 0, interPaletteMaxError: 0, keepDuplicateFrames: true, ...animation }).toBuffer();
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
