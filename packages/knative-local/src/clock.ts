import { setTimeout as delay } from 'node:timers/promises';

/** Time as an argument, so that tests can drive it. Milliseconds. */
export interface Clock {
  now(): number;
  /** @throws AbortError when `signal` comes first */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => delay(ms, undefined, { ...(signal && { signal }) }),
};
