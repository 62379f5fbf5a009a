import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something, but no longer than that many milliseconds. */
export async function within(timeout: number, something: Promise<void>): Promise<void> {
  await Promise.race([something, sleep(timeout, undefined, { ref: false })]);
}
