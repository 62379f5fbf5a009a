import { explain } from '@darkroom/shared/errors';
import { isGone } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeExpired, removeParts } from '@darkroom/shared/job/remove';
import { uploadLifetime } from '@darkroom/shared/job/retention';
import { log } from '@darkroom/shared/log';
import { entriesOf, type Store } from '@darkroom/shared/store';
import { readStoreTime } from './store-time.ts';

/** Milliseconds for which places of an hour are counted: one that is older belongs to an hour that is over. */
const quotaHour = 60 * 60 * 1000;

/** Keys between two occasions to pause. */
const pageOfKeys = 1000;

/** What is known of a job while its keys are listed. */
interface Folder {
  job: string;
  newest: Date;
  hasRecord: boolean;
}

/**
 * Removes every job whose newest part is older than its retention. That includes what an interrupted upload left: photos without a
 * job.json. Whatever was written for a job after its deletion goes as well, and finally the tombstones.
 * How many jobs an address has had is forgotten once that hour is over, and uploads that nobody has posted go after a day.
 * Yields again and again, where it can pause. It knows one job at a time, however many there are.
 */
export async function* expire(store: Store, retentionSeconds: number): AsyncGenerator<undefined> {
  const time = await readStoreTime(store);
  // A date in the future proves nothing, so it is no reason to remove anything.
  const isOlder = (modified: Date, milliseconds: number) => time.now - modified.getTime() > milliseconds;
  const isOld = (modified: Date) => isOlder(modified, retentionSeconds * 1000);
  let listed = 0;
  async function* pagesOf(prefix: string) {
    for await (const entry of store.list(prefix)) {
      yield entry;
      listed += 1;
    }
  }
  const isPage = () => listed % pageOfKeys === 0;
  async function* removeOld(prefix: string, milliseconds: number) {
    for await (const { key, modified } of pagesOf(prefix)) {
      if (isOlder(modified, milliseconds)) await store.remove(key);
      if (isPage()) yield;
    }
  }

  yield* removeOld(keys.allDead, retentionSeconds * 1000);
  yield* removeOld(keys.allClaims, retentionSeconds * 1000);
  yield* removeOld(keys.allQuotas, quotaHour);
  // Each part by its own age: without the first, nothing is left of an upload for anybody, and late pieces go later.
  yield* removeOld(keys.allUploads, uploadLifetime(retentionSeconds) * 1000);

  // The keys of a job come together, so that only one is known at a time. If they did not, a second look would tell.
  let current: Folder | undefined;
  for await (const { key, modified } of pagesOf(keys.allJobs)) {
    const job = key.split('/')[1]!;
    if (current?.job !== job) {
      if (current && (await end(current))) yield;
      current = { job, newest: modified, hasRecord: false };
    }
    if (modified > current.newest) current.newest = modified;
    if (key === keys.job(job)) current.hasRecord = true;
    if (isPage()) yield;
  }
  if (current) await end(current);
  yield* removeOld(keys.allGone, retentionSeconds * 1000);

  /** @returns whether there was something to remove. What cannot be removed waits for the next hour, and keeps nothing else. */
  async function end({ job, newest, hasRecord }: Folder): Promise<boolean> {
    try {
      // Nobody accepts a job again that was deleted, so a record says that this one was not.
      if (!hasRecord && (await isGone(store, job))) await removeParts(store, job);
      else if (isOld(newest) && (await isAllOld(job))) {
        await removeExpired(store, job);
        log('expired', { job });
      } else return false;
    } catch (error) {
      log('could not expire', { job, error: explain(error) });
    }
    return true;
  }

  async function isAllOld(job: string): Promise<boolean> {
    const parts = await entriesOf(store, keys.folder(job));
    return [...parts.values()].every(({ modified }) => isOld(modified));
  }
}
