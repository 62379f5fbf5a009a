import { keys } from '@darkroom/shared/job/keys';
import { json, type Store } from '@darkroom/shared/store';

/** Milliseconds. A key is at most this much newer than the beginning of a look; if it is more, the clock was set back. */
const leap = 2 * 60 * 1000;

/** The time by the clock that dates the keys. This machine's clock may differ by any amount. */
export interface StoreTime {
  now: number;
  /**
   * Milliseconds since a key was changed; negative if that was after `now`. If its date is far in the future, the clock has been set back
   * and the age is unknown: Infinity, so that nothing has to wait for that date.
   */
  since(modified: Date): number;
}

export async function readStoreTime(store: Store): Promise<StoreTime> {
  await store.write(keys.sweepTime, json({}));
  // A listing has milliseconds, while stat may have whole seconds.
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
