import { expect, test } from 'vitest';
import { type IdleTimeout, idleTimeout } from '../src/store/idle-timeout.ts';
import { testClock } from './support/clock.ts';

const silence = expect.objectContaining({ message: 'Nothing moved for 30 s' });

function begin() {
  const clock = testClock();
  return { clock, timeout: idleTimeout(30, clock) };
}
const reasonOf = ({ signal }: IdleTimeout): unknown => (signal.aborted ? signal.reason : undefined);

// Looks come every three seconds: right after this moment, or right before it.
test.each([0, 1, 2_999, 3_000])(
  'what has not moved since %i ms is aborted when the time is over, and not before',
  async (since) => {
    const { clock, timeout } = begin();
    await clock.advance(since);
    timeout.progress();
    await clock.advance(30_000);
    expect(reasonOf(timeout)).toBeUndefined();
    await clock.advance(3_000);
    expect(reasonOf(timeout)).toEqual(silence);
    expect(clock.sleepers()).toBe(0);
  },
);

test('each move gives it the whole time again, at no further timer', async () => {
  const { clock, timeout } = begin();
  for (let move = 0; move < 3; move += 1) {
    await clock.advance(30_000);
    timeout.progress();
    expect(clock.sleepers()).toBe(1);
  }
  await clock.advance(30_000);
  expect(reasonOf(timeout)).toBeUndefined();
  await clock.advance(3_000);
  expect(reasonOf(timeout)).toEqual(silence);
});

test("time does not count while the next move is the caller's", async () => {
  const { clock, timeout } = begin();
  await clock.advance(30_000);
  timeout.pause();
  await clock.advance(3_600_000);
  expect(reasonOf(timeout)).toBeUndefined();
  timeout.progress();
  await clock.advance(30_000);
  expect(reasonOf(timeout)).toBeUndefined();
  await clock.advance(3_000);
  expect(reasonOf(timeout)).toEqual(silence);
});

test('setting the clock of the machine neither shortens nor lengthens it', async () => {
  const { clock, timeout } = begin();
  clock.jump(3_600_000);
  await clock.advance(30_000);
  expect(reasonOf(timeout)).toBeUndefined();
  clock.jump(-7_200_000);
  await clock.advance(3_000);
  expect(reasonOf(timeout)).toEqual(silence);
});

test('the end aborts what is left, and nothing waits any longer', () => {
  const { clock, timeout } = begin();
  timeout.end();
  expect(reasonOf(timeout)).toEqual(expect.objectContaining({ message: 'The request is over' }));
  expect(clock.sleepers()).toBe(0);
});
