import type { ImageType } from '../image/formats.ts';
import { readJson, type Store } from '../store/store.ts';
import { keys } from './keys.ts';

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
  /** Photos of the post that were not taken while others were, and why, in words for the person. */
  refused?: { name: string; reason: string }[];
  /** ISO 8601. */
  acceptedAt: string;
}

/** completed.json: how it ended. */
export interface Completion {
  status: 'completed' | 'failed';
  completedAt: string;
  mail: 'sent' | 'failed';
  /** Why it failed, in words for the person. */
  mailReason?: string;
}

/** <filter>.rejected.json, archive.rejected.json: why it could not be made, in words for the person. */
export interface Rejection {
  reason: string;
}

export async function readJob(store: Store, job: string): Promise<Job | undefined> {
  return (await readJson(store, keys.job(job))) as Job | undefined;
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
