import { type Outcome } from './events.ts';
import { extensionOf, type ImageType, printType } from './formats.ts';
import { type Entry, entriesOf, readJson, type Store } from './store.ts';

/** One photo of a job, as it was accepted. */
export interface Photo {
  /** Its number within the job: "1", "2", ... */
  image: string;
  /** The name it was sent with, made safe for people to read; never used as a path. */
  name: string;
  type: ImageType;
  bytes: number;
  /** Pixels, as the picture is seen (orientation applied). */
  width: number;
  height: number;
}

export interface Options {
  /** What prints are encoded as; absent means as the photo itself. */
  format?: ImageType;
  /** 1..100, for formats that have it. */
  quality?: number;
}

/** job.json: what was accepted. It never changes, so that a job keeps its version to the end. */
export interface Job {
  job: string;
  /** The revision of ingest that accepted it. */
  revision: string;
  email: string;
  filters: string[];
  archive: boolean;
  options: Options;
  images: Photo[];
  /** ISO 8601. */
  acceptedAt: string;
}

/** completed.json: how it ended. */
export interface Completion {
  status: 'completed' | 'failed';
  completedAt: string;
  mail: 'sent' | 'failed';
}

/** <filter>.rejected.json, archive.rejected.json: why it could not be made, in words for the person. */
export interface Rejection {
  reason: string;
}

/** Where the parts of a job lie in the store. The one place that knows. */
export const keys = {
  allOpen: 'open/',
  open: (job: string) => `open/${job}`,
  folder: (job: string) => `jobs/${job}/`,
  job: (job: string) => `jobs/${job}/job.json`,
  original: (job: string, { image, type }: Pick<Photo, 'image' | 'type'>) => `jobs/${job}/${image}/original.${extensionOf(type)}`,
  print: ({ job, options }: Pick<Job, 'job' | 'options'>, { image, type }: Pick<Photo, 'image' | 'type'>, filter: string) =>
    `jobs/${job}/${image}/${filter}.${extensionOf(printType(type, options.format))}`,
  rejection: (job: string, image: string, filter: string) => `jobs/${job}/${image}/${filter}.rejected.json`,
  archive: (job: string) => `jobs/${job}/archive.zip`,
  archiveRejection: (job: string) => `jobs/${job}/archive.rejected.json`,
  mailLease: (job: string) => `jobs/${job}/mail.lease`,
  allClaims: 'claims/',
  claim: (digest: string) => `claims/${digest}`,
  allDead: 'dead/',
  dead: (job: string, image: string | undefined, stage: string) => `dead/${job}.${image ?? '0'}.${stage}.json`,
  completed: (job: string) => `jobs/${job}/completed.json`,
};

/** A print that a job expects: one per photo and filter. */
export interface Print {
  photo: Photo;
  filter: string;
  key: string;
  type: ImageType;
  status: 'pending' | Outcome;
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

export async function readJob(store: Store, job: string): Promise<Job | undefined> {
  return (await readJson(store, keys.job(job))) as Job | undefined;
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

/** Why a print was rejected. */
export async function readReason(store: Store, job: string, image: string, filter: string): Promise<string> {
  const rejection = (await readJson(store, keys.rejection(job, image, filter))) as Rejection | undefined;
  return rejection?.reason ?? 'No reason was recorded.';
}

/** Removes every trace of a job. job.json goes first: stages that are still at work then find no job, and stop. */
export async function removeJob(store: Store, job: string): Promise<void> {
  await store.remove(keys.job(job));
  await store.remove(keys.open(job));
  for await (const { key } of store.list(keys.folder(job))) await store.remove(key);
}
