import { expect, test } from 'vitest';
import { countdown, within } from '../src/within.ts';
import { testClock } from './clock.ts';

test('waits for something until the time is up, and leaves no timer behind', async () => {
  const clock = testClock();
  let waited = false;
  const late = within(1000, new Promise(() => undefined), clock).then(() => (waited = true));
  await clock.advance(999);
  expect(waited).toBe(false);
  await clock.advance(1);
  await late;
  await within(1000, Promise.resolve(), clock);
  await expect(within(1000, Promise.reject(new Error('no')), clock)).rejects.toThrow('no');
  expect(clock.pending()).toEqual([]);
});

test('a countdown ends at nothing, and a clock that is set back gives no more time than there was', async () => {
  const clock = testClock();
  const left = countdown(1000, clock);
  expect(left()).toBe(1000);
  await clock.advance(400);
  expect(left()).toBe(600);
  clock.jump(-3_600_000);
  expect(left()).toBe(1000);
  clock.jump(3_600_000);
  await clock.advance(5000);
  expect(left()).toBe(0);
});
