import { explain } from '@darkroom/shared/errors';
import { isGone } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeParts } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import type { Store } from '@darkroom/shared/store';
import { readStoreTime } from './store-time.ts';

/** Milliseconds: longer than a stage may continue with a deleted job. */
const lateWork = 60 * 60 * 1000;

/**
 * Removes what was written too late for the jobs that were deleted within the last hour and not taken back, and completes interrupted
 * removals. Yields after each job.
 */
export async function* clearLeaving(store: Store): AsyncGenerator<undefined> {
  const time = await readStoreTime(store);
  for await (const { key, modified } of store.list(keys.allLeaving)) {
    const job = key.slice(keys.allLeaving.length);
    try {
      // Without a tombstone it is only about to be deleted, or its sender has been told that it was not.
      if (await isGone(store, job)) await removeParts(store, job);
      const age = time.since(modified);
      if (age >= lateWork && age !== Infinity) await store.remove(key);
    } catch (error) {
      log('could not clear up', { job, error: explain(error) });
    }
    yield;
  }
}
