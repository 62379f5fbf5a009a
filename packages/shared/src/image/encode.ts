import type { Decoded } from './decode.ts';
import { Rejected } from '../errors.ts';
import { extensionOf, formats, type PrintType } from './formats.ts';
import { encodeJpeg } from './jpeg.ts';
import type { JpegSettings } from './jpeg-settings.ts';
import { sharp } from './libvips.ts';
import { isGrey, isOpaque, joined, takeGrey } from './samples.ts';
import { defaultQuality, save } from './save.ts';

export interface EncodeOptions {
  type: PrintType;
  /** 1..100 */
  quality?: number | undefined;
  /** For JPEG: whether four pixels may share their chroma. */
  halfChroma?: boolean | undefined;
  /** For JPEG: settings to try first, and to keep if the print is as good with them. */
  leaner?: JpegSettings[];
}

/**
 * Encodes a picture. An animation keeps all of its frames if the format can hold them, otherwise only the first. No metadata is written.
 * Grey pictures are stored as one channel if the format allows it.
 * @throws Rejected if the picture is too large for the format
 */
export async function encode(
  { frames, delay, loop = 0, lossless = false }: Decoded,
  { type, quality, halfChroma }: EncodeOptions,
): Promise<Buffer> {
  const moving = frames.length > 1 && formats[type].moves;
  const kept = moving ? frames : frames.slice(0, 1);
  const { width, height } = kept[0]!;
  checkSize(kept[0]!, type);
  if (type === 'image/jpeg')
    return encodeJpeg(kept[0]!, { quality: quality ?? defaultQuality[type], halfChroma: halfChroma ?? false });

  const grey = formats[type].grey && isGrey(kept);
  const { data, channels } = grey ? takeGrey(kept) : { data: joined(kept), channels: 4 as const };
  const pipeline = sharp(data, {
    raw: { width, height: height * kept.length, channels, ...(moving && { pageHeight: height }) },
    limitInputPixels: false,
  });
  if (grey) pipeline.toColourspace('b-w');
  // GIF is exact only with an alpha channel: without one, libvips makes frames share their colours.
  else if (type !== 'image/gif' && isOpaque(kept)) pipeline.removeAlpha();
  return save(pipeline, {
    type,
    quality,
    lossless,
    pixels: width * height,
    animation: moving ? { ...(delay && { delay }), loop } : {},
  });
}

/** @throws Rejected if the picture is too large for the format */
export function checkSize({ width, height }: { width: number; height: number }, type: PrintType): void {
  const { longestSide } = formats[type];
  if (Math.max(width, height) <= longestSide) return;
  throw new Rejected(
    `The image is ${width} x ${height} pixels; a ${extensionOf(type).toUpperCase()} file can be at most ${longestSide} pixels wide and high. Ask for another format, or send a smaller version.`,
    { reason: 'too_large' },
  );
}
