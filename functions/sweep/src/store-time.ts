import { keys } from '@darkroom/shared/job/keys';
import { json, type Store } from '@darkroom/shared/store';

/** Milliseconds. Keys are at most this much younger than the time at which a look began; if more, the clock was set back. */
const leap = 2 * 60 * 1000;

/** The time by the clock that dates the keys. That of this machine may differ from it by any amount. */
export interface StoreTime {
  now: number;
  /**
   * Milliseconds since a key was changed; negative where that was after `now`. Where its date lies far in the future the clock has been
   * set back, and nobody knows: Infinity, so that nothing is left standing until that date comes.
   */
  since(modified: Date): number;
}

export async function readStoreTime(store: Store): Promise<StoreTime> {
  await store.write(keys.sweepTime, json({}));
  // A listing tells milliseconds, where stat may tell whole seconds.
  let now: number | undefined;
  for await (const { key, modified } of store.list(keys.sweepTime)) if (key === keys.sweepTime) now = modified.getTime();
  if (now === undefined) throw new Error(`The store does not list ${keys.sweepTime}, which was just written`);
  const known = now;
  return {
    now: known,
    since(modified) {
      const age = known - modified.getTime();
      return age < -leap ? Infinity : age;
    },
  };
}
