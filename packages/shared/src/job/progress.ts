import type { PrintOutcome } from '../events.ts';
import { type ImageType, printType } from '../image/formats.ts';
import { type Entry, entriesOf, type Store } from '../store/store.ts';
import type { Job, Photo } from './job.ts';
import { keys } from './keys.ts';

/** A print that a job expects: one per photo and filter. */
export interface Print {
  photo: Photo;
  filter: string;
  key: string;
  type: ImageType;
  status: 'pending' | PrintOutcome;
  /** Present when it succeeded. */
  bytes?: number;
}

/** How much of what a job asks for exists: its prints, and its archive if it has one. */
export type Made = 'all' | 'some' | 'none';

/** How far along a job is, derived only from the keys that exist. */
export interface Progress {
  prints: Print[];
  /** Every print exists or is rejected. */
  developed: boolean;
  /** At least one print exists. */
  anySucceeded: boolean;
  made: Made;
  archive?: Entry;
  /** Only the mail is left: the archive exists, cannot be made, or was not asked for. */
  packed: boolean;
  completed: boolean;
  /** How many of its parts are done: prints, archive and mail. It only grows, unless a dead letter is replayed. */
  settled: number;
  /** When its newest part was stored, by the store's clock. */
  lastProgress: Date;
  /** When whoever packs or mails it last gave a sign of life, by the same clock. */
  lastSign?: Date;
}

/**
 * Whether it is worth reading the progress of a job to see that it is developed: false if a print is certainly missing. Each event of a
 * job asks, so that listing all of it each time would cost the square of its photos. A few prints are looked for instead, until one is
 * missing: those of the last photo first, since photos are mostly developed in order, then of one in the middle, in a quarter, and so on.
 */
export async function mayBeDeveloped(store: Store, job: Job): Promise<boolean> {
  for (const photo of sampleOf(job.images))
    for (const filter of job.filters) {
      if (await store.stat(keys.print(job, photo, filter))) continue;
      if (!(await store.stat(keys.rejection(job.job, photo.image, filter)))) return false;
    }
  return true;
}

function* sampleOf(photos: readonly Photo[]): Generator<Photo> {
  for (let count = photos.length; count > 0; count = Math.floor(count / 2)) yield photos[count - 1]!;
}

export async function readProgress(store: Store, job: Job): Promise<Progress> {
  return progressOf(job, await entriesOf(store, keys.folder(job.job)));
}

/** The same, from entries that were just listed. */
export function progressOf(job: Job, present: ReadonlyMap<string, Entry>): Progress {
  const prints = job.images.flatMap((photo) => job.filters.map((filter) => printOf(job, photo, filter, present)));
  const archive = present.get(keys.archive(job.job));
  const developed = prints.every(({ status }) => status !== 'pending');
  const anySucceeded = prints.some(({ status }) => status === 'succeeded');
  const isWhole = prints.every(({ status }) => status === 'succeeded') && (!job.archive || archive !== undefined);
  const archiveEnded = archive !== undefined || present.has(keys.archiveRejection(job.job));
  const completed = present.has(keys.completed(job.job));
  const isSign = (key: string) => [keys.archiveLock(job.job), keys.mailLock(job.job)].some((lock) => key.startsWith(`${lock}/`));
  const parts = new Set(partsOf(job));
  const newest = (belongs: (key: string) => boolean) =>
    [...present.values()].reduce((time, { key, modified }) => (belongs(key) ? Math.max(time, modified.getTime()) : time), 0);
  const lastSign = newest(isSign);
  return {
    prints,
    developed,
    anySucceeded,
    made: isWhole ? 'all' : anySucceeded ? 'some' : 'none',
    ...(archive && { archive }),
    packed: developed && (!job.archive || !anySucceeded || archiveEnded),
    completed,
    settled: prints.filter(({ status }) => status !== 'pending').length + Number(archiveEnded) + Number(completed),
    lastProgress: new Date(newest((key) => parts.has(key))),
    ...(lastSign > 0 && { lastSign: new Date(lastSign) }),
  };
}

/** The keys whose appearance is progress; stages' own bookkeeping is not. */
function partsOf(job: Job): string[] {
  const { job: id, images, filters } = job;
  return [
    keys.job(id),
    keys.archive(id),
    keys.archiveRejection(id),
    keys.completed(id),
    ...images.flatMap((photo) => [
      keys.original(id, photo),
      ...filters.flatMap((filter) => [keys.print(job, photo, filter), keys.rejection(id, photo.image, filter)]),
    ]),
  ];
}

function printOf(job: Job, photo: Photo, filter: string, present: ReadonlyMap<string, Entry>): Print {
  const key = keys.print(job, photo, filter);
  const print = { photo, filter, key, type: printType(photo.type, job.options.format) };
  const stored = present.get(key);
  if (stored) return { ...print, status: 'succeeded', bytes: stored.size };
  if (present.has(keys.rejection(job.job, photo.image, filter))) return { ...print, status: 'rejected' };
  return { ...print, status: 'pending' };
}
