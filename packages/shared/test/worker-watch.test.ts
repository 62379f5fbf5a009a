import { expect, test } from 'vitest';
import { lookInterval, watch } from '../src/worker/watch.ts';

const bounds = { seconds: 2, bytes: 500, stuckSeconds: 30 };
const load = (seconds: number, bytes = 0) => ({ seconds, bytes, stopped: false });

/** What the looks during `ms` milliseconds say, once `seconds` of processor time have been used. */
function wait(look: ReturnType<typeof watch>, from: number, ms: number, seconds: number | undefined, computing: boolean) {
  let said;
  for (let now = from + lookInterval; now <= from + ms && !said; now += lookInterval)
    said = look(now, seconds === undefined ? undefined : load(seconds), computing);
  return said;
}

test('exactly as much as the bounds say is allowed, and no more', () => {
  const look = watch(bounds, 0, load(0));
  expect(look(50, load(2, 500), true)).toBeUndefined();
  expect(look(100, load(2, 501), true)).toBe('memory');
  expect(look(150, load(2.01, 500), true)).toBe('time');
});

test('a computing worker hangs after three times its bound, and one that waits is stuck after its own', () => {
  expect(wait(watch(bounds, 0, load(0)), 0, 6000, 0, true)).toBeUndefined();
  expect(wait(watch(bounds, 0, load(0)), 0, 6050, 0, true)).toBe('hung');
  expect(wait(watch(bounds, 0, load(0)), 0, 30_000, 0, false)).toBeUndefined();
  expect(wait(watch(bounds, 0, load(0)), 0, 30_050, 0, false)).toBe('stuck');
});

test('where nothing is known of its load, ten times as much time by the clock is allowed', () => {
  expect(wait(watch(bounds, 0, undefined), 0, 20_000, undefined, true)).toBeUndefined();
  expect(wait(watch(bounds, 0, undefined), 0, 20_050, undefined, true)).toBe('time');
  expect(wait(watch(bounds, 0, undefined), 0, 60_000, undefined, false)).toBeUndefined();
});

test('what was used before does not count', () => {
  const look = watch(bounds, 0, load(100));
  expect(look(50, load(102), true)).toBeUndefined();
  expect(look(100, load(102.01), true)).toBe('time');
});
