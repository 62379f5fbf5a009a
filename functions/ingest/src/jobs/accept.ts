import { randomUUID } from 'node:crypto';
import { explain } from '@darkroom/shared/errors';
import { imageUploaded } from '@darkroom/shared/events';
import { type Job, keys, removeJob } from '@darkroom/shared/job';
import { log } from '@darkroom/shared/log';
import { publish } from '@darkroom/shared/publish';
import { json, type Store } from '@darkroom/shared/store';
import type { Settings } from '../settings.ts';
import type { Arrival } from '../upload/spool.ts';
import type { Wishes } from '../upload/wishes.ts';

/** Writes to the store at a time: each waits for the disk or the network, not for the processor. */
const writers = 4;

/**
 * Makes a job durable. Its parts come first, job.json after them, and the open marker last: whatever breaks off before
 * has been promised to nobody.
 * @throws StorageFailed, with nothing left behind as far as the store lets itself be cleaned
 */
export async function accept(store: Store, settings: Settings, arrivals: readonly Arrival[], wishes: Wishes): Promise<Job> {
  const job: Job = {
    job: randomUUID(),
    revision: settings.K_REVISION,
    email: wishes.email,
    filters: settings.FILTERS,
    archive: settings.ARCHIVE,
    options: wishes.options,
    images: arrivals.map(({ photo }) => photo),
    acceptedAt: new Date().toISOString(),
  };
  try {
    await writeOriginals(store, job.job, arrivals);
    await store.write(keys.job(job.job), json(job));
    await store.write(keys.open(job.job), json({ acceptedAt: job.acceptedAt }));
  } catch (error) {
    await removeJob(store, job.job).catch((left: unknown) => log('could not clean up', { job: job.job, error: explain(left) }));
    throw error;
  }
  const bytes = arrivals.reduce((sum, { photo }) => sum + photo.bytes, 0);
  log('accepted', { job: job.job, images: job.images.length, bytes, filters: job.filters.join('+') });
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
