import * as v from 'valibot';
import { filterName } from '../config.ts';
import { Rejected } from '../errors.ts';
import { imageId, jobId, type JobOutcome } from '../events.ts';
import { formats, type ImageType } from '../image/formats.ts';
import { readBytes, readJson, type Store } from '../store/store.ts';
import { keys } from './keys.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const imageType = v.picklist(Object.keys(formats) as ImageType[]);
const isoTime = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);

/** One photo of a job, as it was accepted. */
const photo = v.object({
  /** Its number within the job: "1", "2", ... */
  image: imageId,
  /** The name it was sent with, made safe to display; never used as a path. */
  name: v.string(),
  type: imageType,
  bytes: count,
  /** Pixels as displayed (orientation applied). */
  width: count,
  height: count,
  /** Frames or pages, if there are several. */
  pictures: v.exactOptional(count),
});

const options = v.object({
  /** What prints are encoded as; if absent, the same as the photo. */
  format: v.exactOptional(imageType),
  /** 1..100, for formats that support it. */
  quality: v.exactOptional(count),
  /** What was chosen for filters that have an option, or is their default, by filter. */
  filters: v.exactOptional(v.record(filterName, v.union([v.string(), v.number(), v.boolean()]))),
});

/** job.json: what was accepted. It never changes, so a job keeps its version to the end. */
const job = v.object({
  job: jobId,
  /** The revision of ingest that accepted it. */
  revision: v.string(),
  /** Where the mail goes; if absent, there is none, and the prints are on the page only. */
  email: v.exactOptional(v.string()),
  /** The language of the mail (BCP 47). Any text: a version that has more languages may have accepted the job. */
  locale: v.exactOptional(v.string()),
  /** What is told when the job has ended (readTarget); if absent, nobody is. */
  notifyUrl: v.exactOptional(v.string()),
  filters: v.array(filterName),
  archive: v.boolean(),
  options,
  images: v.array(photo),
  /** Photos in the post that were turned down while others were accepted, and why, in words for the person. */
  refused: v.exactOptional(v.array(v.object({ name: v.string(), reason: v.string() }))),
  /** The digest of its Idempotency-Key: claims/<claim> is removed with the job. */
  claim: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  /** ISO 8601. */
  acceptedAt: isoTime,
  /** Its trace, for steps that no event leads to (W3C Trace Context). */
  traceparent: v.exactOptional(v.string()),
});

export type Photo = v.InferOutput<typeof photo>;
export type Options = v.InferOutput<typeof options>;
export type Job = v.InferOutput<typeof job>;

/** completed.json: how the job ended. */
export interface Completion {
  status: JobOutcome;
  completedAt: string;
  /** `none`: none was asked for. */
  mail: 'sent' | 'failed' | 'none';
  /** Why the mail failed, in words for the person. */
  mailReason?: string;
}

/** How the webhook of a job ended. */
export interface WebhookEnd {
  status: 'delivered' | 'failed';
  /** Why it failed, in words for whoever posted the photos. */
  reason?: string;
}

/** <filter>.rejected.json, archive.rejected.json: why a print or the archive could not be made, in words for the person. */
export interface Rejection {
  reason: string;
}

/** job.json exists but makes no sense: no retry can fix that. */
export class CorruptJob extends Rejected {
  constructor(cause: unknown) {
    super('The record of this job is damaged. Send the photos again.', { status: 410, cause });
  }
}

/**
 * @returns undefined if there is no such job, or it was deleted
 * @throws CorruptJob
 */
export async function readJob(store: Store, id: string): Promise<Job | undefined> {
  const bytes = await readBytes(store, keys.job(id));
  if (!bytes || (await isGone(store, id))) return undefined;
  return parseJob(id, bytes);
}

/** @throws CorruptJob */
export function parseJob(id: string, bytes: Buffer): Job {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new CorruptJob(cause);
  }
  const result = v.safeParse(job, content);
  if (!result.success || result.output.job !== id) throw new CorruptJob(new Error(`Not the record of a job: ${id}`));
  return result.output;
}

/** Whether a job was deleted. A stage asks before it writes and again afterwards, and removes what it wrote too late. */
export async function isGone(store: Store, id: string): Promise<boolean> {
  return (await store.stat(keys.gone(id))) !== undefined;
}

/** Why a print was rejected. */
export async function readReason(store: Store, id: string, image: string, filter: string): Promise<string> {
  const rejection = (await readJson(store, keys.rejection(id, image, filter))) as Rejection | undefined;
  return rejection?.reason ?? 'No reason was recorded.';
}
