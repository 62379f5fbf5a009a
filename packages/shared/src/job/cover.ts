import type { Job, Photo } from './job.ts';

/** The print that a mail shows: that of the first photo by the first filter. If it cannot be made, the mail shows none. */
export function coverOf({ images, filters }: Pick<Job, 'images' | 'filters'>): { photo: Photo; filter: string } | undefined {
  const [photo] = images;
  const [filter] = filters;
  return photo && filter !== undefined ? { photo, filter } : undefined;
}
