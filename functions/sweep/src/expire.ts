import { keys } from '@darkroom/shared/job/keys';
import { removeJob, removeParts } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import type { Store } from '@darkroom/shared/store';
import { readStoreTime } from './store-time.ts';

/** Milliseconds: longer than a stage may continue with a deleted job. */
const lateWork = 60 * 60 * 1000;

/** Milliseconds for which places of an hour are counted: one that is older belongs to an hour that is over. */
const quotaHour = 60 * 60 * 1000;

/**
 * Removes every job whose newest part is older than its retention. That includes what an interrupted upload left: photos without a
 * job.json. Whatever was written for a job after its deletion goes as well, and finally the tombstones.
 * How many jobs an address has had is forgotten once that hour is over.
 */
export async function expire(store: Store, retentionSeconds: number): Promise<void> {
  const time = await readStoreTime(store);
  // A date in the future proves nothing, so it is no reason to remove anything.
  const isOld = (modified: Date) => time.now - modified.getTime() > retentionSeconds * 1000;
  for (const prefix of [keys.allDead, keys.allClaims])
    for await (const { key, modified } of store.list(prefix)) if (isOld(modified)) await store.remove(key);

  for await (const { key, modified } of store.list(keys.allQuotas))
    if (time.now - modified.getTime() > quotaHour) await store.remove(key);

  const newest = new Map<string, Date>();
  for await (const { key, modified } of store.list(keys.allJobs)) {
    const id = key.split('/')[1]!;
    const known = newest.get(id);
    if (!known || modified > known) newest.set(id, modified);
  }
  for await (const { key, modified } of store.list(keys.allGone)) {
    const id = key.slice(keys.allGone.length);
    if (newest.has(id)) await removeParts(store, id);
    newest.delete(id);
    if (isOld(modified)) await store.remove(key);
  }
  for (const [job, modified] of newest) {
    if (!isOld(modified)) continue;
    await removeJob(store, job);
    log('expired', { job });
  }
}

/** Removes what was written too late for deleted jobs and not taken back, and completes interrupted removals. */
export async function clearGone(store: Store): Promise<void> {
  const time = await readStoreTime(store);
  for await (const { key, modified } of store.list(keys.allGone)) {
    const age = time.since(modified);
    if (age < lateWork || age === Infinity) await removeParts(store, key.slice(keys.allGone.length));
  }
}
