import type { Clock } from '../../src/clock.ts';

/** A clock that stands still until the test turns it. */
export interface TestClock extends Clock {
  /** Turns time forward, and wakes whoever is due, one after the other, each at its own time. */
  advance(ms: number): Promise<void>;
  /** Sets the clock, as an operator or NTP does: those who sleep do not notice. */
  jump(ms: number): void;
}

export function testClock(start = Date.parse('2026-01-01T00:00:00Z')): TestClock {
  let now = start;
  let sleepers: { due: number; wake: () => void }[] = [];
  /** Lets everything run that waits for nothing but its turn. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    now: () => now,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const sleeper = { due: now + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason as Error);
        });
      });
    },
    jump(ms) {
      now += ms;
      for (const sleeper of sleepers) sleeper.due += ms;
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = sleepers.filter(({ due }) => due <= end).toSorted((one, other) => one.due - other.due)[0];
        if (!next) break;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        now = Math.max(now, next.due);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}
