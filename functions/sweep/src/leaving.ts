import { explain } from '@darkroom/shared/errors';
import { isGone } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeParts } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import type { Entry, Store } from '@darkroom/shared/store';
import { readStoreTime } from './store-time.ts';

/** Milliseconds: longer than a stage may continue with a deleted job. */
const lateWork = 60 * 60 * 1000;

/** Jobs at a time: each takes nine calls to the store, one after the other. */
const atOnce = 16;

/**
 * Removes what was written too late for the jobs that were deleted within the last hour and not taken back, and completes interrupted
 * removals. Yields again and again, where it can pause.
 */
export async function* clearLeaving(store: Store): AsyncGenerator<undefined> {
  const time = await readStoreTime(store);
  const underWay: Promise<void>[] = [];
  for await (const entry of store.list(keys.allLeaving)) {
    underWay.push(clear(entry));
    if (underWay.length < atOnce) continue;
    await Promise.all(underWay.splice(0));
    yield;
  }
  await Promise.all(underWay);

  /** What cannot be removed waits for the next look, and keeps nothing else. */
  async function clear({ key, modified }: Entry): Promise<void> {
    const job = key.slice(keys.allLeaving.length);
    try {
      // Without a tombstone it is only about to be deleted, or its sender has been told that it was not.
      if (await isGone(store, job)) await removeParts(store, job);
      const age = time.since(modified);
      if (age >= lateWork && age !== Infinity) await store.remove(key);
    } catch (error) {
      log('could not clear up', { job, error: explain(error) });
    }
  }
}
