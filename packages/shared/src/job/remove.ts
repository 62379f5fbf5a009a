import { json, readBytes, type Store } from '../store/store.ts';
import { isGone, parseJob } from './job.ts';
import { keys } from './keys.ts';
import { shareOf } from './share.ts';

/**
 * Removes every trace of a job that somebody has deleted except its tombstone, which is written first: whoever is still at work finds it and
 * takes back what they write. Beside it, for an hour, is what leads sweep to it: if the removal is interrupted, sweep completes it.
 */
export async function removeJob(store: Store, job: string): Promise<void> {
  async function bury() {
    await store.writeOnce(keys.leaving(job), json({}));
    await store.writeOnce(keys.gone(job), json({}));
  }
  try {
    await bury();
  } catch {
    // A full disk has no room for a tombstone, nor to close the claim, until the photos are gone. job.json stays till then: it names
    // the claim, and a removal that is interrupted here can be asked for again.
    for await (const { key } of store.list(keys.folder(job))) if (key !== keys.job(job)) await store.remove(key);
    await bury();
  }
  await removeParts(store, job);
}

/** The same for a job past its retention. Nobody is at work on it, and sweep comes to what is left of it in its next hour. */
export async function removeExpired(store: Store, job: string): Promise<void> {
  await store.writeOnce(keys.gone(job), json({}));
  await removeParts(store, job);
}

/** Removes everything in the store that belongs to a job which nobody was promised, or which has its tombstone. */
export async function removeParts(store: Store, job: string): Promise<void> {
  // First, because it is found through job.json, which is one of the parts.
  await closeClaim(store, job);
  for await (const { key } of store.list(keys.deadOf(job))) await store.remove(key);
  for await (const { key } of store.list(keys.thumbnails(job))) await store.remove(key);
  await store.remove(keys.share(shareOf(job)));
  await store.remove(keys.due(job));
  for await (const { key } of store.list(keys.webhook(job))) await store.remove(key);
  for await (const { key } of store.list(keys.folder(job))) await store.remove(key);
  await store.remove(keys.open(job));
}

/**
 * Takes back what a stage wrote for a job that was deleted meanwhile. Call it after every write.
 * @returns whether the job is gone
 */
export async function withdrawIfGone(store: Store, job: string): Promise<boolean> {
  if (!(await isGone(store, job))) return false;
  await removeParts(store, job);
  return true;
}

/** What remains of a claim says that the key was used, but no longer for which job. */
async function closeClaim(store: Store, job: string): Promise<void> {
  const bytes = await readBytes(store, keys.job(job));
  const claim = bytes && claimOf(job, bytes);
  if (claim && (await store.stat(keys.claim(claim)))) await store.write(keys.claim(claim), json({ gone: true }));
}

function claimOf(job: string, bytes: Buffer): string | undefined {
  try {
    return parseJob(job, bytes).claim;
  } catch {
    // It cannot be read, so it names no claim. The claim expires by age.
    return undefined;
  }
}
