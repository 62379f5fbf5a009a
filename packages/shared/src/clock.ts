import { setTimeout as wait } from 'node:timers/promises';

/** Time as an argument, so that tests can drive it. */
export interface Clock {
  /** The time of day: milliseconds since 1970. It may jump, and differs between machines. */
  now(): number;
  /**
   * Waits for a duration, which no change of the time of day shortens or lengthens.
   * @throws AbortError once `signal` is aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal && { signal }),
};
