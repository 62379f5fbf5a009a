import { printType } from '../image/formats.ts';
import { noteOn } from '../image/pictures.ts';
import type { Job, Photo } from './job.ts';

/** What a person is told of a photo whose prints hold less than it does: "Only the first of 3 pages is developed ...". */
export function noteOf({ options }: Pick<Job, 'options'>, { type, pictures = 1 }: Photo): string | undefined {
  return noteOn({ type, pictures }, printType(type, options.format));
}
