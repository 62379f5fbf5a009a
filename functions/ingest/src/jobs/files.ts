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
  /** What it is the thumbnail of, if there can be one: a photo, and "original" or the filter of a print. */
  picture?: { image: string; made: string };
}

/** The files of a job. @param path that of the job in their URLs: it has the job's own id, or the one under which it is shared */
export function filesOf(job: Job, path: string) {
  return { original, print, archive, find, thumbnail };

  function original(photo: Photo): JobFile {
    const { type, image } = photo;
    return {
      href: `${path}/${image}/original.${extensionOf(type)}`,
      key: keys.original(job.job, photo),
      type,
      name: originalName(job, photo),
      picture: { image, made: 'original' },
    };
  }

  function print(photo: Photo, filter: string): JobFile {
    const type = printType(photo.type, job.options.format);
    return {
      href: `${path}/${photo.image}/${filter}.${extensionOf(type)}`,
      key: keys.print(job, photo, filter),
      type,
      name: printName(job, photo, filter),
      picture: { image: photo.image, made: filter },
    };
  }

  function archive(): JobFile {
    return { href: `${path}/archive.zip`, key: keys.archive(job.job), type: 'application/zip', name: archiveName };
  }

  /** With or without the extension. What is asked for is only compared, and never becomes part of a key. */
  function find(asked: string): JobFile | undefined {
    const images = job.images.flatMap((photo) => [original(photo), ...job.filters.map((filter) => print(photo, filter))]);
    return [...images, ...(job.archive ? [archive()] : [])].find(({ href }) => href === asked || splitName(href).stem === asked);
  }

  /** A small copy of a picture; undefined of what is none. */
  function thumbnail({ href, name, picture }: JobFile, width: number): JobFile | undefined {
    if (!picture) return undefined;
    return {
      href: `${href}?width=${width}`,
      key: keys.thumbnail(job.job, picture.image, picture.made, width),
      type: 'image/webp',
      name: `${splitName(name).stem}-${width}.webp`,
    };
  }
}
