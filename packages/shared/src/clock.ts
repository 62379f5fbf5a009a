import { setTimeout as wait } from 'node:timers/promises';

/** Time as an argument, so that tests can drive it. */
export interface Clock {
  /** Wall-clock time: milliseconds since 1970. It may jump, and differs between machines. */
  now(): number;
  /**
   * Waits for a duration; setting the wall clock neither shortens nor lengthens it.
   * @throws AbortError once `signal` is aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal && { signal }),
};

/** For work in the background: a process may end while somebody waits by it. */
export const backgroundClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => wait(ms, undefined, { ref: false, ...(signal && { signal }) }),
};
