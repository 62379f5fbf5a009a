import type { Clock } from './clock.ts';

/** Waits for something, but at most `timeout` milliseconds. */
export async function within(timeout: number, something: Promise<void>, clock: Clock): Promise<void> {
  const over = new AbortController();
  const late = clock.sleep(timeout, over.signal).catch(() => undefined);
  try {
    await Promise.race([something, late]);
  } finally {
    over.abort();
  }
}

/** How many of `timeout` milliseconds are left, whenever it is asked. Setting the wall clock back does not make it more than there were. */
export function countdown(timeout: number, clock: Clock): () => number {
  const end = clock.now() + timeout;
  return () => Math.min(Math.max(end - clock.now(), 0), timeout);
}
