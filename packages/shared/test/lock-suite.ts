import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '@darkroom/shared/clock';
import { entriesOf, type Store } from '@darkroom/shared/store';
import { type Lock, takeLock } from '@darkroom/shared/store/lock';
import { describe, expect, test } from 'vitest';

/** One process: its store is slow, its clock is wrong, and it can be suspended. */
interface Contender {
  store: Store;
  clock: Clock;
  /** Undefined while it runs. */
  frozen: Promise<void> | undefined;
  freeze(): () => void;
}

const minutes = 60_000;

/** What every lock promises, over any store. @param open returns the same store on every call */
export function testLock(name: string, open: () => Store, { locks, rounds }: { locks: number; rounds: number }) {
  describe(name, () => {
    test(`${locks * rounds} takeovers with delays of 5 to 500 ms and clocks ten minutes apart: never two holders`, async () => {
      const store = open();
      const takeovers = await Promise.all(
        Array.from({ length: locks }, (_, index) => fight(store, `locks/${index}`, rounds, index)),
      );
      expect(takeovers.reduce((sum, count) => sum + count, 0)).toBe(locks * rounds);
    });

    test('of ten that try to take it at once, one succeeds; once it is released, another does', async () => {
      const store = open();
      const take = () => takeLock(store, 'once/lock', { clock: systemClock, lease: 10_000 });
      const taken = await Promise.all(Array.from({ length: 10 }, take));
      const [lock, ...others] = taken.filter((taker) => taker !== undefined);
      expect(others).toEqual([]);
      expect(await lock!.still()).toBe(true);
      await lock!.release();
      expect(lock!.signal.aborted).toBe(true);
      expect(await lock!.still()).toBe(false);
      const next = await take();
      expect(await next!.still()).toBe(true);
      await next!.release();
    });
  });
}

/** Suspends one holder after another, so that the lock passes on each time. @returns how often it did */
async function fight(store: Store, key: string, rounds: number, seed: number): Promise<number> {
  const contenders = Array.from({ length: 3 }, (_, index) => contender(store, (index - 1) * 10 * minutes));
  // The first holder takes over from nobody.
  let takeovers = -1;
  let thaw: (() => Promise<void>) | undefined;

  while (takeovers < rounds) {
    const running = contenders.filter(({ frozen }) => !frozen);
    // The others try, and wait for as long as the suspended holder may be alive.
    const taken = await Promise.all(
      running.map(async (who) => ({ who, lock: await takeLock(who.store, key, { clock: who.clock, lease: 5000 }) })),
    );
    const winners = taken.filter((taker): taker is { who: Contender; lock: Lock } => taker.lock !== undefined);
    expect(winners.length, 'holders').toBeLessThanOrEqual(1);
    if (!winners[0]) continue;
    await thaw?.();
    thaw = undefined;
    const { who, lock } = winners[0];
    // On a busy machine the store may be too slow for a lease; then the lock is lost, which is not a failure.
    if (!(await lock.still())) {
      await lock.release();
      continue;
    }
    takeovers += 1;
    if ((seed + takeovers) % 4 === 0) await sleep(1500);
    const goOn = who.freeze();
    thaw = async () => {
      const answer = lock.still();
      goOn();
      expect(await answer, 'a holder that stood still').toBe(false);
      expect(lock.signal.aborted).toBe(true);
      await lock.release();
    };
  }
  return takeovers;
}

function contender(store: Store, skew: number): Contender {
  const self: Contender = {
    frozen: undefined,
    freeze() {
      let thaw!: () => void;
      self.frozen = new Promise((resolve) => (thaw = resolve));
      return () => {
        self.frozen = undefined;
        thaw();
      };
    },
    clock: {
      now: () => Date.now() + skew,
      async sleep(ms, signal) {
        await systemClock.sleep(ms, signal);
        await self.frozen;
        signal?.throwIfAborted();
      },
    },
    store: slow(store, async () => {
      await self.frozen;
      await sleep(5 + Math.random() * 245);
      await self.frozen;
    }),
  };
  return self;
}

/** Delays each call on its way there and back. */
function slow(store: Store, delay: () => Promise<void>): Store {
  const delayed = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await delay();
    try {
      return await work();
    } finally {
      await delay();
    }
  };
  return {
    stat: (key) => delayed(() => store.stat(key)),
    read: (key, range) => delayed(() => store.read(key, range)),
    write: (key, content) => delayed(() => store.write(key, content)),
    writeOnce: (key, content) => delayed(() => store.writeOnce(key, content)),
    remove: (key) => delayed(() => store.remove(key)),
    async *list(prefix) {
      await delay();
      const entries = await entriesOf(store, prefix);
      await delay();
      yield* entries.values();
    },
  };
}
