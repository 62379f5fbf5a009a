import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Store } from './store.ts';
import { currentTerm, latestNumber, released, removeTermsBefore, type Term } from './term.ts';

/** The exclusive right to do what two must not do at once. */
export interface Lock {
  /** Aborted once somebody else may hold the lock, or when it is released. Pass it to anything that takes long. */
  readonly signal: AbortSignal;
  /**
   * Asks the store whether the lock is still held. Call it right before anything that cannot be undone: a process that was suspended
   * finds out here.
   */
  still(): Promise<boolean>;
  /** Lets the next one in at once. Never throws: a lock that cannot be released expires by itself. */
  release(): Promise<void>;
}

/** Milliseconds without a sign of life after which a lock may be taken over. */
export const lockLease = 10_000;

export interface LockOptions {
  clock: Clock;
  /** Instead of `lockLease`. All who take the same lock must use the same value; allow for several calls to a slow store. */
  lease?: number;
}

/** Nobody holds a lock after a power cut, and whoever still does elsewhere finds its term gone: no disk need be waited for. */
const passing = { durable: false };

/** Fractions of a lease: how often the holder renews it, how often a taker looks, and when a holder that cannot renew it gives up. */
const renewal = 1 / 4;
const look = 1 / 10;
const trust = 3 / 4;

/**
 * Takes a lock. It has at most one holder, however slow the store is and whatever the machines' clocks say: no times are compared. Each
 * holder creates the key of the next term with `writeOnce`, and rewrites it while alive. A taker that finds a term must see it unchanged
 * for a whole lease, by its own timer, before it creates the next; a holder that could not rewrite its term for three quarters of a
 * lease gives up, by its own timer. The last term stays after release, so that a taker who slept through several holders never finds
 * an empty lock.
 *
 * @param key of the lock; nothing else may be stored below it
 * @returns undefined while another holder is alive; it takes up to a lease to tell
 */
export async function takeLock(store: Store, key: string, { clock, lease = lockLease }: LockOptions): Promise<Lock | undefined> {
  const found = await currentTerm(store, key);
  if (found && !found.released && !(await isAbandoned(found))) return undefined;
  return enter((found?.number ?? 0) + 1);

  async function isAbandoned(watched: Term): Promise<boolean> {
    for (let waited = 0; waited < lease; waited += lease * look) {
      await clock.sleep(lease * look);
      const term = await currentTerm(store, key);
      if (term?.number !== watched.number) return false;
      if (term.released) return true;
      if (term.content !== watched.content) return false;
    }
    return true;
  }

  async function enter(number: number): Promise<Lock | undefined> {
    const own = `${key}/${number}`;
    const token = randomUUID();
    const held = new AbortController();
    let trusted = startTrust();
    let signs = 0;

    if (!(await store.writeOnce(own, sign(), passing).catch(abandon))) return abandon();
    const renewing = renewUntilAborted();
    try {
      // A taker that slept through several holders may have created a term that was already cleared away.
      if (!(await still())) {
        await release();
        return undefined;
      }
      if (number > 1) await removeTermsBefore(store, key, number);
    } catch (error) {
      await release();
      throw error;
    }
    return { signal: held.signal, still, release };

    function abandon(error?: unknown): undefined {
      trusted.abort();
      if (error) throw error;
    }

    function sign(): Uint8Array {
      signs += 1;
      return Buffer.from(`${token} ${signs}\n`);
    }

    /** Counts from before the sign of life is written, since a taker may see it from then on. */
    function startTrust(): AbortController {
      const cancelled = new AbortController();
      clock.sleep(lease * trust, cancelled.signal).then(
        () => lose(),
        () => undefined,
      );
      return cancelled;
    }

    function lose(): void {
      held.abort(new Error(`Somebody else may hold the lock ${key} by now`));
    }

    async function isCurrent(): Promise<boolean> {
      return (await latestNumber(store, key)) === number;
    }

    async function still(): Promise<boolean> {
      if (!held.signal.aborted && !(await isCurrent())) lose();
      return !held.signal.aborted;
    }

    async function renewUntilAborted(): Promise<void> {
      for (;;) {
        try {
          await clock.sleep(lease * renewal, held.signal);
        } catch {
          return;
        }
        // The next attempt makes up for one that fails; if too many fail, trust runs out.
        await renew().catch(() => undefined);
      }
    }

    async function renew(): Promise<void> {
      // Also if the lock was removed together with what it guards.
      if (!(await isCurrent())) return lose();
      const renewed = startTrust();
      try {
        await store.write(own, sign(), passing);
      } catch (error) {
        renewed.abort();
        throw error;
      }
      trusted.abort();
      trusted = renewed;
    }

    async function release(): Promise<void> {
      trusted.abort();
      held.abort(new Error(`The lock ${key} was released`));
      await renewing;
      await isCurrent()
        .then((current) => (current ? store.write(own, released(token), passing) : undefined))
        .catch(() => undefined);
    }
  }
}
