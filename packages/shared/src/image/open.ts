import type { Sharp } from 'sharp';
import type { Header } from './header.ts';
import { sharp } from './libvips.ts';
import type { ImageLimits } from './limits.ts';
import { isSrgb } from './profile.ts';

/**
 * Opens a photo for libvips: upright, converted to sRGB by its embedded profile, with all frames of an animation.
 * @param bytes from `prepare`
 * @param failOn what aborts reading: any warning of the decoder, or only what it cannot read at all
 */
export function openPhoto(bytes: Buffer, header: Header, limits: ImageLimits, failOn: 'warning' | 'error' = 'warning'): Sharp {
  const { frames, orientation, profile } = header;
  const photo = sharp(bytes, {
    pages: frames,
    limitInputPixels: limits.MAX_PIXELS,
    sequentialRead: true,
    ignoreIcc: profile !== undefined && isSrgb(profile),
    failOn,
  });
  return upright(photo, orientation);
}

/** EXIF orientations as flips, then rotations: the order in which sharp applies them. */
const turns: Record<number, { angle: number; flip?: boolean; flop?: boolean }> = {
  2: { angle: 0, flop: true },
  3: { angle: 180 },
  4: { angle: 0, flip: true },
  5: { angle: 270, flop: true },
  6: { angle: 90 },
  7: { angle: 90, flop: true },
  8: { angle: 270 },
};

/** Turns a picture upright. */
export function upright(picture: Sharp, orientation: number): Sharp {
  const turn = turns[orientation];
  return turn
    ? picture
        .rotate(turn.angle)
        .flip(turn.flip ?? false)
        .flop(turn.flop ?? false)
    : picture;
}
