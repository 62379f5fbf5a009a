import { extensionOf, type ImageType, printType } from '@darkroom/shared/image/formats';
import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { archiveName, originalName, printName, splitName } from '@darkroom/shared/job/names';

/** One file of a job as offered for download. Only this file relates URLs to keys. */
export interface JobFile {
  href: string;
  key: string;
  type: ImageType | 'application/zip';
  /** What it is saved as. */
  name: string;
}

/** Every file that a job has or will have. */
function filesOf(job: Job): JobFile[] {
  const images = job.images.flatMap((photo) => [
    originalOf(job, photo),
    ...job.filters.map((filter) => printOf(job, photo, filter)),
  ]);
  return job.archive ? [...images, archiveOf(job)] : images;
}

/** With or without the extension. The requested path is only compared, and never becomes part of a key. */
export function findFile(job: Job, path: string): JobFile | undefined {
  return filesOf(job).find(({ href }) => href === path || splitName(href).stem === path);
}

export function originalOf(job: Job, photo: Photo): JobFile {
  const { type, image } = photo;
  return {
    href: `/jobs/${job.job}/${image}/original.${extensionOf(type)}`,
    key: keys.original(job.job, photo),
    type,
    name: originalName(job, photo),
  };
}

export function printOf(job: Job, photo: Photo, filter: string): JobFile {
  const type = printType(photo.type, job.options.format);
  return {
    href: `/jobs/${job.job}/${photo.image}/${filter}.${extensionOf(type)}`,
    key: keys.print(job, photo, filter),
    type,
    name: printName(job, photo, filter),
  };
}

export function archiveOf({ job }: Job): JobFile {
  return {
    href: `/jobs/${job}/archive.zip`,
    key: keys.archive(job),
    type: 'application/zip',
    name: archiveName,
  };
}
