import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something, but at most `timeout` milliseconds. */
export async function within(timeout: number, something: Promise<void>): Promise<void> {
  await Promise.race([something, sleep(timeout, undefined, { ref: false })]);
}
