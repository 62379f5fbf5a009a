import type { Bitmap } from './decode.ts';
import { sharp } from './libvips.ts';
import { isOpaque, pack, type Samples } from './samples.ts';
import { turbo } from './turbo.ts';

interface Picture extends Samples {
  width: number;
  height: number;
}

/** RGBA to JPEG; what is transparent gets white. */
export async function encodeJpeg({ width, height, data }: Bitmap, quality: number, grey: boolean): Promise<Buffer> {
  // libjpeg-turbo skips over an alpha channel faster than it could be taken out.
  const samples =
    turbo && isOpaque([{ width, height, data }])
      ? { data, channels: 4 as const }
      : pack([{ width, height, data }], { grey, alpha: false });
  return encodeSamples({ width, height, ...samples }, quality, grey);
}

/**
 * Huffman tables are the standard ones: fitting them to each picture makes files 6 % smaller, and takes three times as long. Chroma
 * keeps its full resolution: tinted prints have edges in it wherever luma has, and would fall below 38 dB (docs/images.md).
 */
export async function encodeSamples({ width, height, data, channels }: Picture, quality: number, grey: boolean): Promise<Buffer> {
  if (!turbo || channels === 2) {
    const pipeline = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
    if (grey) pipeline.toColourspace('b-w');
    return pipeline.jpeg({ quality, optimiseCoding: false, chromaSubsampling: '4:4:4' }).toBuffer();
  }
  const format = { 1: turbo.FORMAT_GRAY, 3: turbo.FORMAT_RGB, 4: turbo.FORMAT_RGBX }[channels];
  return turbo.compress(data, { format, width, height, quality, subsampling: grey ? turbo.SAMP_GRAY : turbo.SAMP_444 });
}
