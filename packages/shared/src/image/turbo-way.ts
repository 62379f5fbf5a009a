import type { Pixels, Rendered } from './bitmap.ts';
import { borrow } from './borrow.ts';
import type { Header } from './header.ts';
import { coarseness } from './jpeg-tables.ts';
import { sharp } from './libvips.ts';
import { upright } from './open.ts';
import { isSrgb } from './profile.ts';
import { coverSize, shrink } from './shrink.ts';
import { turbo } from './turbo.ts';

/**
 * The result is close, not equal. It comes from the fast inverse DCT, whose error grows as quantization gets finer: with a sum of entries
 * below this, from quality 94 on, it is below 43 dB.
 */
const leastCoarse = 500;
/**
 * Pixels. Colours outside RGB are not clipped before they become luma. Those occur in small pictures, drawings and text, where there is
 * no time to gain anyway.
 */
const large = 1_000_000;

/**
 * Makes the print of a JPEG from what libjpeg-turbo decodes: luma alone, or all colours.
 * @param withSmall whether a small copy is wanted, too
 * @returns undefined if that would not give what libvips gives, or for a fault that only the long way can name
 */
export async function renderByTurbo(
  bytes: Buffer,
  header: Header,
  channels: Pixels['channels'],
  withSmall: boolean,
  print: (pixels: Pixels) => Promise<Buffer>,
): Promise<Rendered | undefined> {
  const { width, height } = header;
  if (!turbo || !isPlain(header) || coarseness(bytes) < leastCoarse || (channels === 1 && width * height < large))
    return undefined;
  return borrow(width * height * channels, async (memory) => {
    const pixels = await decode(bytes, header, channels, memory);
    return pixels && { print: await print(pixels), ...(withSmall && { small: shrink(pixels, coverSize) }) };
  });
}

/** YCbCr or grey, meant as sRGB. */
function isPlain({ type, model, profile }: Header): boolean {
  return type === 'image/jpeg' && (model === 'srgb' || model === 'b-w') && (profile === undefined || isSrgb(profile));
}

async function decode(
  bytes: Buffer,
  { orientation }: Header,
  channels: Pixels['channels'],
  memory: Buffer,
): Promise<Pixels | undefined> {
  try {
    const format = channels === 1 ? turbo!.FORMAT_GRAY : turbo!.FORMAT_RGBX;
    return await turnUpright({ ...(await turbo!.decompress(bytes, memory, { format })), channels }, orientation);
  } catch {
    return undefined;
  }
}

async function turnUpright({ data, width, height, channels }: Pixels, orientation: number): Promise<Pixels> {
  if (orientation === 1) return { data, width, height, channels };
  const picture = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
  const turned = upright(picture, orientation).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  const { data: pixels, info } = await turned.raw().toBuffer({ resolveWithObject: true });
  return { data: pixels, width: info.width, height: info.height, channels };
}
