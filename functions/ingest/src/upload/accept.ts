import { explain } from '@darkroom/shared/errors';
import { imageUploaded } from '@darkroom/shared/events';
import { type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeParts } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { publish } from '@darkroom/shared/stage/publish';
import { json, type Store } from '@darkroom/shared/store';
import type { Settings } from '../settings.ts';
import type { Arrival } from './spool.ts';
import type { Wishes } from './wishes.ts';

/** What was posted, and the id of the job that it makes or has made. */
export interface Post {
  id: string;
  /** The digest of its Idempotency-Key, where it has one: another post may then make the same job. */
  claim: string | undefined;
  arrivals: readonly Arrival[];
  wishes: Wishes;
}

/** Writes to the store at a time: each waits for the disk or the network, not for the processor. */
const writers = 4;

/**
 * Makes a job durable. Its parts come first, job.json after them, and the open marker last: whatever breaks off before
 * has been promised to nobody.
 * @throws StorageFailed, with nothing left behind as far as the store lets itself be cleaned; unless the job is shared
 */
export async function accept(store: Store, settings: Settings, { id, claim, arrivals, wishes }: Post): Promise<Job> {
  const earlier = await readJob(store, id);
  if (earlier) return reaccept(store, earlier);
  const job: Job = {
    job: id,
    revision: settings.K_REVISION,
    email: wishes.email,
    filters: settings.FILTERS,
    archive: settings.ARCHIVE,
    options: wishes.options,
    images: arrivals.map(({ photo }) => photo),
    ...(claim && { claim }),
    acceptedAt: new Date().toISOString(),
  };
  try {
    await writeOriginals(store, job.job, arrivals);
    // Two posts with one Idempotency-Key may come this far at once.
    if (!(await store.writeOnce(keys.job(job.job), json(job))))
      return await accept(store, settings, { id, claim, arrivals, wishes });
    await store.write(keys.open(job.job), json({ acceptedAt: job.acceptedAt }));
  } catch (error) {
    // A post with the same key may be writing the same job; what both leave goes when its retention has passed.
    if (!claim)
      await removeParts(store, id).catch((left: unknown) => log('could not clean up', { job: id, error: explain(left) }));
    throw error;
  }
  const bytes = arrivals.reduce((sum, { photo }) => sum + photo.bytes, 0);
  log('accepted', { job: job.job, images: job.images.length, bytes, filters: job.filters.join('+') });
  return job;
}

/** A post that was sent again: its job is what it is. Only the promise may be missing, if the first one broke off before it. */
async function reaccept(store: Store, job: Job): Promise<Job> {
  const completed = await store.stat(keys.completed(job.job));
  if (!completed) await store.write(keys.open(job.job), json({ acceptedAt: job.acceptedAt }));
  log('accepted again', { job: job.job });
  return job;
}

async function writeOriginals(store: Store, job: string, arrivals: readonly Arrival[]): Promise<void> {
  const waiting = arrivals.values();
  async function write() {
    for (const { photo, file } of waiting) await store.write(keys.original(job, photo), { file });
  }
  // All are waited for, so that nothing is written any more when the clean-up begins.
  const ends = await Promise.allSettled(Array.from({ length: writers }, write));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Hands one event per image to the broker. What it does not take is not lost: sweep finds the job open, and emits again. */
export async function announce(sink: string, job: Job): Promise<void> {
  const events = job.images.map(({ image }) => publish(sink, imageUploaded(job, image)));
  const failed = (await Promise.allSettled(events)).filter((end) => end.status === 'rejected');
  if (failed.length === 0) return;
  log('not announced', { job: job.job, images: failed.length, error: explain(failed[0]!.reason) });
}
