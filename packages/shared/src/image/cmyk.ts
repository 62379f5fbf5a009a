/**
 * Converts inks to RGBA when no profile says how they look: each ink absorbs its share of the light, as in browsers and Pillow. libvips
 * would assume a particular printing press.
 * @param channels 4, or 5 with alpha
 * @param size bytes per sample, 1 or 2; of two (little-endian), only the upper byte counts
 */
export function naiveRgba(inks: Buffer, channels: number, size: 1 | 2): Buffer {
  const rgba = Buffer.allocUnsafe((inks.length / channels / size) * 4);
  for (let from = size - 1, to = 0; from < inks.length; from += channels * size, to += 4) {
    const light = 255 - inks[from + 3 * size]!;
    rgba[to] = Math.round(((255 - inks[from]!) * light) / 255);
    rgba[to + 1] = Math.round(((255 - inks[from + size]!) * light) / 255);
    rgba[to + 2] = Math.round(((255 - inks[from + 2 * size]!) * light) / 255);
    rgba[to + 3] = channels === 5 ? inks[from + 4 * size]! : 255;
  }
  return rgba;
}
