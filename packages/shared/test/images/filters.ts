import { render } from '../../src/worker/develop.ts';
import type { PrintType } from '../../src/formats.ts';
import type { Apply, Traits } from '../../src/filter.ts';
import { grayscale } from '../../../../functions/grayscale/src/index.ts';
import { sepia } from '../../../../functions/sepia/src/index.ts';

/** The limits that hold when nothing is set. */
export const imageLimits = { MAX_PIXELS: 50_000_000, MAX_FRAMES: 200 };

/** The filters as the functions have them. */
export const filters: Record<'grayscale' | 'sepia', { apply: Apply; traits: Traits }> = {
  grayscale: { apply: grayscale, traits: { grey: true, luma: true } },
  sepia: { apply: sepia, traits: {} },
};

/** The print that a filter makes of a photo. */
export function printOf(
  photo: Buffer,
  filter: keyof typeof filters,
  options: { type: PrintType; quality?: number },
): Promise<Buffer> {
  const { apply, traits } = filters[filter];
  return render(photo, options, apply, traits, imageLimits);
}
