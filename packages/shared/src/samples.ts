import type { Bitmap } from './decode.ts';

/** Samples of all frames, one below the other: grey, grey and alpha, RGB, or RGBA. */
export interface Samples {
  data: Buffer;
  channels: 1 | 2 | 3 | 4;
}

/** All frames, one below the other. */
export function joined(frames: readonly Bitmap[]): Buffer {
  return frames.length === 1 ? frames[0]!.data : Buffer.concat(frames.map(({ data }) => data));
}

/** Whether no pixel lets anything through. */
export function isOpaque(frames: readonly Bitmap[]): boolean {
  return frames.every(({ data }) => {
    let all = 255;
    for (let index = 3; index < data.length && all === 255; index += 4) all &= data[index]!;
    return all === 255;
  });
}

/** Leaves out what a print need not store: two of three equal channels, and an alpha channel that hides nothing. */
export function pack(frames: readonly Bitmap[], { grey, alpha }: { grey: boolean; alpha: boolean }): Samples {
  const rgba = joined(frames);
  const opaque = isOpaque(frames);
  if (!opaque && !alpha) return pack([layOnWhite(rgba)], { grey, alpha });
  if (grey) return opaque ? take(rgba, [0]) : take(rgba, [0, 3]);
  return opaque ? take(rgba, [0, 1, 2]) : { data: rgba, channels: 4 };
}

/** What stays of a transparent picture where there is no alpha: as if it lay on white paper. */
function layOnWhite(rgba: Buffer): Bitmap {
  const data = Buffer.alloc(rgba.length, 255);
  for (let index = 0; index < rgba.length; index += 4) {
    const cover = rgba[index + 3]!;
    for (let part = index; part < index + 3; part += 1) data[part] = Math.round((rgba[part]! * cover) / 255 + 255 - cover);
  }
  return { data, width: rgba.length / 4, height: 1 };
}

function take(rgba: Buffer, parts: readonly [0] | readonly [0, 3] | readonly [0, 1, 2]): Samples {
  const channels = parts.length;
  const data = Buffer.allocUnsafe((rgba.length / 4) * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += channels) {
    data[to] = rgba[from]!;
    if (channels > 1) data[to + 1] = rgba[from + parts[1]!]!;
    if (channels > 2) data[to + 2] = rgba[from + 2]!;
  }
  return { data, channels };
}
