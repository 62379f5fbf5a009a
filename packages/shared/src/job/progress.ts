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

/** How far a job has come, derived from the keys that exist and nothing else. */
export interface Progress {
  prints: Print[];
  /** Every print exists or is rejected. */
  developed: boolean;
  /** At least one print exists. */
  anySucceeded: boolean;
  archive?: Entry;
  /** Nothing is left but the mail: an archive that was asked for exists, or cannot be made. */
  packed: boolean;
  completed: boolean;
  /** When its newest part was stored. */
  lastChange: Date;
}

export async function readProgress(store: Store, job: Job): Promise<Progress> {
  return progressOf(job, await entriesOf(store, keys.folder(job.job)));
}

export function progressOf(job: Job, present: ReadonlyMap<string, Entry>): Progress {
  const prints = job.images.flatMap((photo) => job.filters.map((filter) => printOf(job, photo, filter, present)));
  const archive = present.get(keys.archive(job.job));
  const developed = prints.every(({ status }) => status !== 'pending');
  const anySucceeded = prints.some(({ status }) => status === 'succeeded');
  const archiveSettled = !job.archive || !anySucceeded || archive !== undefined || present.has(keys.archiveRejection(job.job));
  const changes = [...present.values()].map(({ modified }) => modified.getTime());
  return {
    prints,
    developed,
    anySucceeded,
    ...(archive && { archive }),
    packed: developed && archiveSettled,
    completed: present.has(keys.completed(job.job)),
    lastChange: new Date(Math.max(Date.parse(job.acceptedAt), ...changes)),
  };
}

function printOf(job: Job, photo: Photo, filter: string, present: ReadonlyMap<string, Entry>): Print {
  const key = keys.print(job, photo, filter);
  const print = { photo, filter, key, type: printType(photo.type, job.options.format) };
  const stored = present.get(key);
  if (stored) return { ...print, status: 'succeeded', bytes: stored.size };
  if (present.has(keys.rejection(job.job, photo.image, filter))) return { ...print, status: 'rejected' };
  return { ...print, status: 'pending' };
}
