import { extensionOf, printType } from '../image/formats.ts';
import { shorten } from '../shorten.ts';
import type { Job, Photo } from './job.ts';

/** The most bytes of a stem in UTF-8: followed by "-sepia.jpg" or "-2.tiff", it stays below the 255 that file systems allow. */
const longest = 200;

/** What the archive of a job is saved as. */
export const archiveName = 'darkroom-prints.zip';

/** What an original is saved as: its own name, made safe, with the extension of its actual type. */
export function originalName(job: Job, photo: Photo): string {
  return `${stemOf(job, photo)}.${extensionOf(photo.type)}`;
}

/** What a print is saved as, from the page or from a mail. Unique within the job. */
export function printName(job: Job, photo: Photo, filter: string): string {
  return `${stemOf(job, photo)}-${filter}.${extensionOf(printType(photo.type, job.options.format))}`;
}

/** Where a print, or an original (folder "original"), is in the archive. */
export function archivePath(job: Job, photo: Photo, folder: string): string {
  const type = folder === 'original' ? photo.type : printType(photo.type, job.options.format);
  return `${folder}/${stemOf(job, photo)}.${extensionOf(type)}`;
}

/** Splits "a.b.jpg" into "a.b" and ".jpg". Whatever is too long or too odd for an extension belongs to the stem. */
export function splitName(name: string): { stem: string; extension: string } {
  const extension = /\.[a-z0-9]{1,10}$/i.exec(name)?.[0] ?? '';
  return { stem: name.slice(0, name.length - extension.length), extension };
}

function stemOf({ images }: Job, { image }: Photo): string {
  const stems = distinctStems(images.map(({ name }) => name));
  return stems[images.findIndex((candidate) => candidate.image === image)] ?? 'photo';
}

/** A stem for each name, made unique by "-2", "-3", even on file systems that ignore case or how an accent is encoded. */
export function distinctStems(names: string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const stem = safeStem(name);
    const candidate = (count: number) => (count === 1 ? stem : `${stem}-${count}`);
    let count = 1;
    while (taken.has(folded(candidate(count)))) count += 1;
    taken.add(folded(candidate(count)));
    return candidate(count);
  });
}

/** A name that can be saved anywhere: letters and digits of any script, a few punctuation marks, and nothing that Windows reserves. */
function safeStem(name: string): string {
  const plain = splitName(name.toWellFormed().normalize('NFC'))
    .stem.replace(/[^\p{L}\p{M}\p{N} ._()+-]+/gu, '-')
    .replace(/^[\s.-]+/, '');
  const stem = shorten(plain, longest).replace(/[\s.-]+$/, '');
  if (stem === '' || /^(con|prn|aux|nul|com\p{N}|lpt\p{N})(\.|$)/iu.test(stem)) return `photo-${stem}`.replace(/-$/, '');
  return stem;
}

/** Folds names that file systems may consider equal: to some of them, "STRASSE" is "straße". */
const folded = (text: string) => text.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKC');
