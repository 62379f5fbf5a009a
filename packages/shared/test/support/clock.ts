import { setImmediate as immediate } from 'node:timers/promises';
import type { Clock } from '@darkroom/shared/clock';

/** A clock that stands still until it is advanced. */
export interface TestClock extends Clock {
  /** Lets time pass: sleepers wake in order, each at its own moment, and each does what it can before the next one wakes. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, as an operator or NTP does; durations are not affected. */
  jump(ms: number): void;
  /** How many wait for it: a process would wait for them before it ends. */
  sleepers(): number;
}

interface Sleeper {
  due: number;
  wake: () => void;
}

/** @param start the wall-clock time in milliseconds */
export function testClock(start = Date.parse('2026-07-01T12:00:00Z')): TestClock {
  const sleepers = new Set<Sleeper>();
  let passed = 0;
  let offset = start;

  return {
    now: () => offset + passed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = () => {
          sleepers.delete(sleeper);
          reject(new DOMException('This operation was aborted', 'AbortError'));
        };
        const sleeper: Sleeper = {
          due: passed + Math.max(0, ms),
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', abort);
            resolve();
          },
        };
        if (signal?.aborted) return abort();
        sleepers.add(sleeper);
        signal?.addEventListener('abort', abort, { once: true });
      }),
    async advance(ms) {
      const end = passed + ms;
      await settled();
      for (;;) {
        const next = [...sleepers].filter(({ due }) => due <= end).sort((one, other) => one.due - other.due)[0];
        if (!next) break;
        passed = Math.max(passed, next.due);
        next.wake();
        await settled();
      }
      passed = end;
    },
    jump(ms) {
      offset += ms;
    },
    sleepers: () => sleepers.size,
  };
}

/** Work that only waits for promises is done after a few turns of the event loop. */
async function settled(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await immediate();
}
