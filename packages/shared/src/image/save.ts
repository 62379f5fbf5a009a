import { availableParallelism } from 'node:os';
import type { Sharp } from 'sharp';
import type { PrintType } from './formats.ts';
import { sharp } from './libvips.ts';

/** Quality unless the sender asks for another: a print should keep at least 38 dB of any photo (figures in docs/images.md). */
export const defaultQuality = { 'image/jpeg': 96, 'image/webp': 90, 'image/avif': 75 } as const;

export interface SaveOptions {
  type: PrintType;
  /** 1..100 */
  quality?: number | undefined;
  /** For JPEG: whether four pixels share their chroma. */
  halfChroma?: boolean | undefined;
  /** Whether a WebP should be lossless, unless a quality is asked for. */
  lossless?: boolean;
  /** Pixels of the picture; matters for AVIF only. */
  pixels: number;
  animation?: { delay?: number[]; loop?: number };
}

/** AVIF takes 36 bytes of memory per pixel with full chroma, 23 with half. Pictures this large can do without it, and so fit into a worker. */
export const halvesChroma = (pixels: number) => pixels > 12_500_000;

/** Has libvips write a print, without metadata. docs/images.md explains the settings. */
export async function save(
  pipeline: Sharp,
  { type, quality, halfChroma = false, lossless = false, pixels, animation = {} }: SaveOptions,
): Promise<Buffer> {
  switch (type) {
    case 'image/jpeg':
      // Standard Huffman tables: optimised ones take three times as long.
      return pipeline
        .jpeg({
          quality: quality ?? defaultQuality[type],
          optimiseCoding: false,
          chromaSubsampling: halfChroma ? '4:2:0' : '4:4:4',
        })
        .toBuffer();
    case 'image/png':
      return pipeline.png({ compressionLevel: 3 }).toBuffer();
    case 'image/webp': {
      const exact = lossless && quality === undefined;
      return pipeline
        .webp({ quality: quality ?? defaultQuality[type], lossless: exact, exact, effort: 2, ...animation })
        .toBuffer();
    }
    case 'image/avif':
      // The only encoder worth several threads: it takes seconds, the others a tenth of one.
      sharp.concurrency(availableParallelism());
      return pipeline
        .avif({
          quality: quality ?? defaultQuality[type],
          effort: 0,
          chromaSubsampling: halvesChroma(pixels) ? '4:2:0' : '4:4:4',
        })
        .toBuffer()
        .finally(() => sharp.concurrency(1));
    case 'image/gif':
      return pipeline.gif({ dither: 0, interPaletteMaxError: 0, keepDuplicateFrames: true, ...animation }).toBuffer();
    case 'image/tiff':
      return pipeline.tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer();
  }
}
