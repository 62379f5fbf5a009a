import type { Bitmap, Rendered } from './bitmap.ts';
import type { Header } from './header.ts';
import { coarseness } from './jpeg-tables.ts';
import { encodeLuma } from './jpeg.ts';
import { sharp } from './libvips.ts';
import { upright } from './open.ts';
import { isSrgb } from './profile.ts';
import { turbo } from './turbo.ts';

/**
 * Turns a JPEG into the JPEG of its luma. A JPEG holds luma as a separate plane, by the same formula as grey prints (ITU-R BT.601;
 * JFIF 1.02, "Color space"), so chroma need not be decoded.
 * @returns undefined if this cannot be done: other colours, or a fault that only the long way can name
 */
export async function renderLuma(bytes: Buffer, header: Header, quality: number): Promise<Rendered | undefined> {
  const luma = isPlain(header) && isLargeAndCoarse(header, bytes) ? await decodeLuma(bytes) : undefined;
  if (!luma) return undefined;
  const turned = await turnUpright(luma, header.orientation);
  return { print: await encodeLuma(turned, quality), pixels: { ...turned, channels: 1 } };
}

async function decodeLuma(bytes: Buffer): Promise<Bitmap | undefined> {
  try {
    return await turbo?.decompress(bytes, { format: turbo.FORMAT_GRAY });
  } catch {
    return undefined;
  }
}

/** YCbCr or grey, meant as sRGB. */
function isPlain({ type, model, profile }: Header): boolean {
  return type === 'image/jpeg' && (model === 'srgb' || model === 'b-w') && (profile === undefined || isSrgb(profile));
}

/**
 * The result is close, not equal. It comes from the fast inverse DCT, whose error grows as quantization gets finer (below 43 dB from
 * quality 94 on), and colours outside RGB are not clipped first. Those occur in small pictures, drawings and text, where there is no
 * time to gain anyway.
 */
function isLargeAndCoarse({ width, height }: Header, bytes: Buffer): boolean {
  return width * height >= 1_000_000 && coarseness(bytes) >= 500;
}

async function turnUpright({ data, width, height }: Bitmap, orientation: number): Promise<Bitmap> {
  if (orientation === 1) return { data, width, height };
  const picture = sharp(data, { raw: { width, height, channels: 1 }, limitInputPixels: false });
  const turned = await upright(picture, orientation).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data: turned.data, width: turned.info.width, height: turned.info.height };
}
