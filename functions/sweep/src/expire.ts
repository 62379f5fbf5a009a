import type { Clock } from '@darkroom/shared/clock';
import { explain } from '@darkroom/shared/errors';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob, removeParts } from '@darkroom/shared/job/remove';
import { uploadLifetime } from '@darkroom/shared/job/retention';
import { log } from '@darkroom/shared/log';
import { entriesOf, type Entry, type Store } from '@darkroom/shared/store';
import { readStoreTime } from './store-time.ts';

/** Milliseconds: longer than a stage may continue with a deleted job. */
const lateWork = 60 * 60 * 1000;

/** Milliseconds for which places of an hour are counted: one that is older belongs to an hour that is over. */
const quotaHour = 60 * 60 * 1000;

/** Milliseconds of one turn of an `Expiry`: a ping must be answered long before its delivery is given up. */
const longestTurn = 10_000;
/** Keys between two occasions to end a turn. */
const pageOfKeys = 1000;

/** Removes what is old, a part with each ping: a store of a hundred thousand jobs takes longer to walk through than one ping may take. */
export interface Expiry {
  /** Begins at the first key, unless it is on its way already. */
  begin(): void;
  /** Goes on from where it was, for a while or to the end. If the store fails, the next hour begins anew. */
  goOn(): Promise<void>;
}

export function openExpiry(store: Store, retentionSeconds: number, clock: Clock): Expiry {
  let walk: AsyncGenerator<undefined> | undefined;
  let isWalking = false;
  return {
    begin: () => void (walk ??= expire(store, retentionSeconds)),
    async goOn() {
      if (!walk || isWalking) return;
      isWalking = true;
      const ended = new AbortController();
      const over = new AbortController();
      clock.sleep(longestTurn, ended.signal).then(
        () => over.abort(),
        () => undefined,
      );
      try {
        let done: boolean | undefined = false;
        while (!done && !over.signal.aborted) ({ done } = await walk.next());
        if (done) walk = undefined;
      } catch (error) {
        walk = undefined;
        throw error;
      } finally {
        ended.abort();
        isWalking = false;
      }
    },
  };
}

/**
 * Removes every job whose newest part is older than its retention. That includes what an interrupted upload left: photos without a
 * job.json. Whatever was written for a job after its deletion goes as well, and finally the tombstones.
 * How many jobs an address has had is forgotten once that hour is over, and uploads that nobody has posted go after a day.
 * Yields again and again, where it can pause.
 */
export async function* expire(store: Store, retentionSeconds: number): AsyncGenerator<undefined> {
  const time = await readStoreTime(store);
  // A date in the future proves nothing, so it is no reason to remove anything.
  const isOld = (modified: Date) => time.now - modified.getTime() > retentionSeconds * 1000;
  let listed = 0;
  async function* pagesOf(prefix: string) {
    for await (const entry of store.list(prefix)) {
      yield entry;
      listed += 1;
    }
  }
  const isPage = () => listed % pageOfKeys === 0;

  for (const prefix of [keys.allDead, keys.allClaims])
    for await (const { key, modified } of pagesOf(prefix)) {
      if (isOld(modified)) await store.remove(key);
      if (isPage()) yield;
    }

  for await (const { key, modified } of pagesOf(keys.allQuotas)) {
    if (time.now - modified.getTime() > quotaHour) await store.remove(key);
    if (isPage()) yield;
  }

  // Each part by its own age: without the first, nothing is left of an upload for anybody, and late pieces go later.
  for await (const { key, modified } of pagesOf(keys.allUploads)) {
    if (time.now - modified.getTime() > uploadLifetime(retentionSeconds) * 1000) await store.remove(key);
    if (isPage()) yield;
  }

  const gone = new Map<string, Entry>();
  for await (const entry of pagesOf(keys.allGone)) gone.set(entry.key.slice(keys.allGone.length), entry);
  // The keys of a job come together, so that only one is known at a time. If they did not, a second look would tell.
  let current: { job: string; newest: Date } | undefined;
  for await (const { key, modified } of pagesOf(keys.allJobs)) {
    const job = key.split('/')[1]!;
    if (current?.job !== job) {
      if (current && (await end(current))) yield;
      current = { job, newest: modified };
    }
    if (modified > current.newest) current.newest = modified;
    if (isPage()) yield;
  }
  if (current) await end(current);
  for (const { key, modified } of gone.values()) if (isOld(modified)) await store.remove(key);

  /** @returns whether there was something to remove. What cannot be removed waits for the next hour, and keeps nothing else. */
  async function end({ job, newest }: { job: string; newest: Date }): Promise<boolean> {
    try {
      if (gone.has(job)) await removeParts(store, job);
      else if (isOld(newest) && (await isAllOld(job))) {
        await removeJob(store, job);
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

/** Removes what was written too late for deleted jobs and not taken back, and completes interrupted removals. */
export async function clearGone(store: Store): Promise<void> {
  const time = await readStoreTime(store);
  for await (const { key, modified } of store.list(keys.allGone)) {
    const age = time.since(modified);
    if (age < lateWork || age === Infinity) await removeParts(store, key.slice(keys.allGone.length));
  }
}
