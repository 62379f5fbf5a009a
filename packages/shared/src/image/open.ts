import type { Sharp } from 'sharp';
import type { Header } from './inspect.ts';
import { sharp } from './libvips.ts';
import type { ImageLimits } from './limits.ts';
import { isSrgb } from './profile.ts';

/**
 * A photo as libvips will read it: upright, in sRGB by its embedded profile, all frames of an animation.
 * @param failOn what ends the reading: anything that the decoder warns of, or only what it cannot read at all
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
  return orientation > 1 ? photo.autoOrient() : photo;
}
