import { expect, test, vi } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import { retry } from '../src/retry.ts';

test('what works is done once, and nobody waits', async () => {
  const work = vi.fn(async () => {});
  await retry(work, testClock());
  expect(work).toHaveBeenCalledTimes(1);
});

test('what fails is tried ten times within about two seconds, at first almost at once; then the fault is the last one', async () => {
  const clock = testClock();
  const start = clock.now();
  const tried: number[] = [];
  const work = async () => {
    tried.push(clock.now() - start);
    throw new Error(`fault ${tried.length}`);
  };
  const ended = retry(work, clock).catch((error: Error) => error.message);
  await clock.advance(10_000);
  expect(await ended).toBe('fault 10');
  expect(tried).toEqual([0, 4, 12, 28, 60, 124, 252, 508, 1020, 2044]);
});
