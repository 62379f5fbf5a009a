import type { Bitmap } from './decode.ts';
import type { Apply } from '../worker/develop.ts';
import { type Header, inspect } from './inspect.ts';
import { Jimp } from './jimp.ts';
import { coarseness } from './jpeg-tables.ts';
import { encodeSamples } from './jpeg.ts';
import { sharp } from './libvips.ts';
import type { ImageLimits } from '../limits.ts';
import { isSrgb } from './profile.ts';
import { turbo } from './turbo.ts';

/**
 * The short way from a JPEG to a grey JPEG, for filters that look at luma only. A JPEG holds luma as a plane of its own, by the very
 * formula (ITU-R BT.601; JFIF 1.02, "Color space"), so chroma need not be decoded; and what such a filter does to a pixel is a table
 * of 256 entries, so it is asked once per level.
 * @returns undefined where the long way has to be taken: other colours, or a fault that the long way can name
 */
export async function renderLuma(bytes: Buffer, quality: number, apply: Apply, limits: ImageLimits): Promise<Buffer | undefined> {
  const header = await inspect(bytes, limits);
  const decoded = isPlain(header) && isLargeAndCoarse(header, bytes) ? await decodeLuma(bytes) : undefined;
  if (!decoded) return undefined;
  const { data, width, height } = await turnUpright(decoded, header.orientation);
  const curve = await curveOf(apply);
  if (curve.some((value, level) => value !== level)) {
    for (let index = 0; index < data.length; index += 1) data[index] = curve[data[index]!]!;
  }
  return encodeSamples({ data, width, height, channels: 1 }, quality, true);
}

async function decodeLuma(bytes: Buffer): Promise<Bitmap | undefined> {
  try {
    return await turbo?.decompress(bytes, { format: turbo.FORMAT_GRAY });
  } catch {
    return undefined;
  }
}

/** YCbCr or grey, and meant as sRGB. */
function isPlain({ type, model, profile }: Header): boolean {
  return type === 'image/jpeg' && (model === 'srgb' || model === 'b-w') && (profile === undefined || isSrgb(profile));
}

/**
 * The short way is close, not equal: its inverse DCT is the fast one, off by more the finer the file is quantized (below 43 dB from a
 * quality of 94 on), and colours at the edge of what RGB can say are not clipped first. Small pictures are where such colours are,
 * drawings and letters, and where there is no time to gain.
 */
function isLargeAndCoarse({ width, height }: Header, bytes: Buffer): boolean {
  return width * height >= 1_000_000 && coarseness(bytes) >= 500;
}

/** What the filter makes of each level of grey. */
async function curveOf(apply: Apply): Promise<Uint8Array> {
  const levels = new Uint32Array(256).map((_, level) => 0xff000000 | (level * 0x010101));
  const image = new Jimp({ data: Buffer.from(levels.buffer), width: 256, height: 1 });
  const { bitmap } = (await apply(image)) ?? image;
  if (bitmap.width !== 256 || bitmap.height !== 1) throw new Error('A filter that looks at luma only must not change the size');
  return Uint8Array.from({ length: 256 }, (_, level) => bitmap.data[level * 4]!);
}

/** EXIF orientations as mirrorings, then rotations: the order in which sharp does them. */
const turns: Record<number, { angle: number; flip?: boolean; flop?: boolean }> = {
  2: { angle: 0, flop: true },
  3: { angle: 180 },
  4: { angle: 0, flip: true },
  5: { angle: 270, flop: true },
  6: { angle: 90 },
  7: { angle: 90, flop: true },
  8: { angle: 270 },
};

async function turnUpright({ data, width, height }: Bitmap, orientation: number): Promise<Bitmap> {
  const turn = turns[orientation];
  if (!turn) return { data, width, height };
  const upright = await sharp(data, { raw: { width, height, channels: 1 }, limitInputPixels: false })
    .rotate(turn.angle)
    .flip(turn.flip ?? false)
    .flop(turn.flop ?? false)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: upright.data, width: upright.info.width, height: upright.info.height };
}
