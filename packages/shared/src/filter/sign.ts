import type { Clock } from '../clock.ts';
import { explain } from '../errors.ts';
import { keys } from '../job/keys.ts';
import { log } from '../log.ts';
import { json, type Store } from '../store/store.ts';

/** Milliseconds. Two rounds in which a photo fails are at least a look of sweep apart. */
const every = 10_000;

/**
 * Notes in the store that a filter makes prints, so that sweep can tell a photo that cannot be developed from a filter that fails on all. Now and
 * then is enough; a note that fails is made up for by the next.
 */
export function signOfWork(store: Store, filter: string, clock: Clock): () => Promise<void> {
  let last = -Infinity;
  return async () => {
    const now = clock.now();
    // Also if the clock was set back.
    if (Math.abs(now - last) < every) return;
    last = now;
    await store
      .write(keys.made(filter), json({}), { durable: false })
      .catch((error: unknown) => log('could not note that prints are made', { filter, error: explain(error) }));
  };
}
