import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openAllowance } from '../src/http/allowance.ts';

// The limiter's own clock.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const busy = (seconds: number) =>
  expect.objectContaining({
    status: 429,
    retryAfter: seconds,
    message: expect.stringContaining(`in a minute. Try again in ${seconds} s.`),
  });

test('as many posts as the limit allows, and more when the minute is over', async () => {
  const { begin } = openAllowance({ CLIENT_POSTS: 2, CLIENT_BYTES: 0 });
  await begin('a');
  await vi.advanceTimersByTimeAsync(20_500);
  await begin('a');
  await expect(begin('a')).rejects.toEqual(busy(40));
  await begin('b');
  await vi.advanceTimersByTimeAsync(39_499);
  await expect(begin('a')).rejects.toEqual(busy(1));
  await vi.advanceTimersByTimeAsync(2);
  await begin('a');
});

test('bytes count once they have come, and then the next post has to wait', async () => {
  const { begin, spend } = openAllowance({ CLIENT_POSTS: 0, CLIENT_BYTES: 100 });
  await begin('a');
  await spend('a', 99);
  await begin('a');
  await spend('a', 1);
  await expect(begin('a')).rejects.toEqual(busy(60));
  await begin('b');
  await vi.advanceTimersByTimeAsync(60_001);
  await begin('a');
});

test('a post that is refused for its bytes is not counted as well', async () => {
  const { begin, spend } = openAllowance({ CLIENT_POSTS: 1, CLIENT_BYTES: 100 });
  await spend('a', 100);
  await expect(begin('a')).rejects.toEqual(busy(60));
  await vi.advanceTimersByTimeAsync(30_000);
  await expect(begin('a')).rejects.toEqual(busy(30));
  await vi.advanceTimersByTimeAsync(30_001);
  await begin('a');
});

test('a minute begins with its first byte: an empty post does not begin it', async () => {
  const { begin, spend } = openAllowance({ CLIENT_POSTS: 0, CLIENT_BYTES: 100 });
  await spend('a', 0);
  await vi.advanceTimersByTimeAsync(30_000);
  await spend('a', 100);
  await expect(begin('a')).rejects.toEqual(busy(60));
});

test('0 is no limit, and clients that cannot be told apart have none', async () => {
  const free = openAllowance({ CLIENT_POSTS: 0, CLIENT_BYTES: 0 });
  const limited = openAllowance({ CLIENT_POSTS: 1, CLIENT_BYTES: 1 });
  for (let count = 0; count < 10; count += 1) {
    await free.begin('a');
    await free.spend('a', 1e9);
    await limited.begin(undefined);
    await limited.spend(undefined, 1e9);
  }
});
