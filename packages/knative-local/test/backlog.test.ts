import { expect, test } from 'vitest';
import { createBacklog } from '../src/broker/backlog.ts';

/** A backlog, and deliveries that settle when the test says so. */
function open(bounds: { events: number; bytes: number }) {
  const backlog = createBacklog(bounds);
  const hold = (bytes: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    backlog.hold(bytes, promise);
    return async () => {
      resolve();
      await promise;
      await Promise.resolve();
    };
  };
  return { backlog, hold };
}

test.each([
  ['events', { events: 2, bytes: 100 }, 1],
  ['bytes', { events: 100, bytes: 20 }, 10],
])('is full at its bound of %s, and has room again as soon as one delivery has ended', async (_name, bounds, size) => {
  const { backlog, hold } = open(bounds);
  const end = hold(size);
  expect(backlog.full).toBe(false);
  hold(size);
  expect([backlog.full, backlog.size]).toEqual([true, 2]);
  await end();
  expect([backlog.full, backlog.size]).toEqual([false, 1]);
  hold(size);
  expect(backlog.full).toBe(true);
});

test('is empty once everything has ended, including what came in meanwhile', async () => {
  const { backlog, hold } = open({ events: 10, bytes: 10 });
  await backlog.empty();
  const endFirst = hold(1);
  let empty = false;
  const emptied = backlog.empty().then(() => (empty = true));
  const endSecond = hold(1);
  await endFirst();
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(empty).toBe(false);
  await endSecond();
  await emptied;
});
