import diagnostics from 'node:diagnostics_channel';
import type { Store } from '../../packages/shared/src/store/store.ts';

/** What a store was asked for. */
export interface Counts {
  /** Calls of its methods. */
  calls: number;
  /** Keys that listings gave. */
  listed: number;
  /** HTTP requests; none for files. */
  requests: number;
}

/** A store that counts, and its counts since they were last taken. */
export function countedStore(store: Store): { store: Store; take(): Counts } {
  let counts = { calls: 0, listed: 0, requests: 0 };
  diagnostics.subscribe('http.client.request.start', () => (counts.requests += 1));
  const counted = <Args extends unknown[], Result>(method: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      counts.calls += 1;
      return method(...args);
    };
  };
  return {
    store: {
      stat: counted(store.stat),
      read: counted(store.read),
      write: counted(store.write),
      writeOnce: counted(store.writeOnce),
      remove: counted(store.remove),
      async *list(prefix) {
        counts.calls += 1;
        for await (const entry of store.list(prefix)) {
          counts.listed += 1;
          yield entry;
        }
      },
    },
    take() {
      const taken = counts;
      counts = { calls: 0, listed: 0, requests: 0 };
      return taken;
    },
  };
}
