import type { Clock } from '@darkroom/shared/clock';
import { currentWork, identify } from '@darkroom/shared/trace/current';
import { explain } from '@darkroom/shared/errors';
import { type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import type { Locale } from '@darkroom/shared/job/locale';
import { removeParts, withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { metrics } from '@darkroom/shared/metrics';
import { json, type Store } from '@darkroom/shared/store';
import type { Offer } from '../offers.ts';
import { deleted, type PostContent, refuseTaken } from './claim.ts';
import type { Arrival } from './spool.ts';

/** What was posted, and the id of the job that it creates or has created. */
export interface Post extends PostContent {
  id: string;
  /** The language of whoever sent it. */
  locale: Locale;
  /** When its request arrived, by the clock of ingest. */
  begunAt: number;
  /** The digest of its Idempotency-Key, if it has one: then another post may create the same job. */
  claim: string | undefined;
}

/** Concurrent writes to the store: each waits for the disk or the network, not for the processor. */
const writers = 4;

/**
 * Makes a job durable. First come its parts, then job.json, and last the open marker: if anything fails before that, nobody has been
 * promised anything.
 * @throws StorageFailed, leaving nothing behind if the store allows, unless the job is shared
 * @throws Rejected with status 410 if the job was deleted meanwhile, or 409 if there is none and uploads of the post are gone
 */
export async function accept(store: Store, offer: Offer, clock: Clock, post: Post): Promise<Job> {
  const { id, locale, begunAt, claim, arrivals, refused, wishes } = post;
  const earlier = await readJob(store, id);
  if (earlier) return reaccept(store, earlier);
  refuseTaken(post);
  const { span } = currentWork();
  const job: Job = {
    job: id,
    revision: offer.K_REVISION,
    ...(wishes.email !== undefined && { email: wishes.email }),
    locale,
    ...(wishes.notifyUrl !== undefined && { notifyUrl: wishes.notifyUrl }),
    filters: [...(wishes.filters ?? offer.FILTERS)],
    archive: offer.ARCHIVE,
    options: wishes.options,
    images: arrivals.map(({ photo }) => photo),
    ...(refused.length > 0 && { refused: refused.map(({ name, reason }) => ({ name, reason })) }),
    ...(claim !== undefined && { claim }),
    acceptedAt: new Date(clock.now()).toISOString(),
    ...(span && { traceparent: span.traceparent }),
  };
  try {
    await writeOriginals(store, job.job, arrivals);
    // Two posts with the same Idempotency-Key may get this far at once.
    if (!(await store.writeOnce(keys.job(job.job), json(job)))) return await accept(store, offer, clock, post);
    await open(store, job);
  } catch (error) {
    // Another post with the same key may be writing the same job; what both leave behind expires with its retention.
    if (!claim)
      await removeParts(store, id).catch((left: unknown) => log('could not clean up', { job: id, error: explain(left) }));
    throw error;
  }
  // Whoever has its id from an earlier response may have deleted the job while this post was writing it.
  if (claim !== undefined && (await withdrawIfGone(store, id))) throw deleted();
  identify(job);
  const { revision } = job;
  metrics.jobsAccepted.inc({ revision });
  metrics.photosAccepted.inc({ revision }, arrivals.length);
  for (const { reasonClass: reason } of refused) metrics.photosRefused.inc({ revision, reason });
  const bytes = arrivals.reduce((sum, { photo }) => sum + photo.bytes, 0);
  log('accepted', {
    job: job.job,
    images: job.images.length,
    refused: refused.length,
    bytes,
    filters: job.filters.join('+'),
    ms: clock.now() - begunAt,
  });
  return job;
}

/** For a post that was sent again. Its job never changes; only its markers may be missing, if the first post failed before them. */
async function reaccept(store: Store, job: Job): Promise<Job> {
  const completed = await store.stat(keys.completed(job.job));
  if (!completed) await open(store, job);
  if (await withdrawIfGone(store, job.job)) throw deleted();
  identify(job);
  log('accepted again', { job: job.job });
  return job;
}

/** The marker of a webhook comes first: its event may be lost, like any other. */
async function open(store: Store, { job, acceptedAt, notifyUrl }: Job): Promise<void> {
  if (notifyUrl !== undefined) await store.writeOnce(keys.due(job), json({}));
  await store.write(keys.open(job), json({ acceptedAt }));
}

async function writeOriginals(store: Store, job: string, arrivals: readonly Arrival[]): Promise<void> {
  const waiting = arrivals.values();
  async function write() {
    for (const { photo, file } of waiting) await store.write(keys.original(job, photo), { file });
  }
  // Waits for all, so that nothing is still being written when the clean-up begins.
  const ends = await Promise.allSettled(Array.from({ length: writers }, write));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
