import type { Rendered } from './bitmap.ts';
import type { Header } from './header.ts';
import { encodeLuma } from './jpeg.ts';
import { renderByTurbo } from './turbo-way.ts';

/**
 * Turns a JPEG into the JPEG of its luma. A JPEG holds luma as a separate plane, by the same formula as grey prints (ITU-R BT.601;
 * JFIF 1.02, "Color space"), so chroma need not be decoded.
 * @returns undefined if this cannot be done: other colours, or a fault that only the long way can name
 */
export async function renderLuma(
  bytes: Buffer,
  header: Header,
  quality: number,
  withSmall = false,
): Promise<Rendered | undefined> {
  return renderByTurbo(bytes, header, 1, withSmall, (pixels) => encodeLuma(pixels, quality));
}
