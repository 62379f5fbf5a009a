import { render } from '../../src/filter/develop.ts';
import type { PrintType } from '../../src/image/formats.ts';
import type { Apply } from '../../src/filter/filter.ts';
import { grayscale } from '../../../../functions/grayscale/src/index.ts';
import { sepia } from '../../../../functions/sepia/src/index.ts';

/** The default limits. */
export const imageLimits = {
  HEIC: false,
  MAX_PIXELS: 50_000_000,
  MAX_FRAMES: 200,
  MAX_IMAGE_MEMORY: 600 * 1024 * 1024,
  MAX_IMAGE_SECONDS: 20,
};

/** The same filters as in the functions. */
export const filters = { grayscale, sepia } satisfies Record<string, Apply>;

/** The print that a filter makes from a photo. */
export function printOf(
  photo: Buffer,
  filter: keyof typeof filters,
  options: { type: PrintType; quality?: number },
  limits = imageLimits,
): Promise<Buffer> {
  return render(photo, options, filters[filter], limits);
}
