/**
 * Inks to RGBA where no profile says how the inks look: each ink takes away its part of the light, as browsers and Pillow have it.
 * libvips would assume one certain printing press.
 * @param channels 4, or 5 with alpha
 */
export function naiveRgba(inks: Buffer, channels: number): Buffer {
  const rgba = Buffer.allocUnsafe((inks.length / channels) * 4);
  for (let from = 0, to = 0; from < inks.length; from += channels, to += 4) {
    const light = 255 - inks[from + 3]!;
    rgba[to] = Math.round(((255 - inks[from]!) * light) / 255);
    rgba[to + 1] = Math.round(((255 - inks[from + 1]!) * light) / 255);
    rgba[to + 2] = Math.round(((255 - inks[from + 2]!) * light) / 255);
    rgba[to + 3] = channels === 5 ? inks[from + 4]! : 255;
  }
  return rgba;
}
