import type { Locker } from '@tus/server';

/**
 * Lets one request at a time work on an upload, as far as one process sees: whoever asks for an upload has given up their earlier request
 * for it, even if the line has not told us yet. That one stores what has come, and is over. Between processes, the store itself decides.
 * @returns the locker of a request, of which `end` ends what it works on
 */
export function openLocker(): (end: () => void) => Locker {
  const holders = new Map<string, { end(): void; over: Promise<void> }>();

  return (end) => ({
    newLock(id) {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      return {
        async lock() {
          for (let holder; (holder = holders.get(id)); await holder.over) holder.end();
          holders.set(id, { end, over });
        },
        async unlock() {
          holders.delete(id);
          resolve();
        },
      };
    },
  });
}
