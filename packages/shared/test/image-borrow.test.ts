import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { borrow, release } from '../src/image/borrow.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  release();
  vi.useRealTimers();
});

const lend = (bytes: number) => borrow(bytes, async (memory) => memory);

test('memory that is given back is lent again, the smallest that is large enough', async () => {
  const [small, large] = await Promise.all([lend(10), lend(1000)]);
  expect(await lend(11)).toBe(large);
  expect(await lend(9)).toBe(small);
  expect((await lend(1001)).length).toBe(1001);
});

test('nobody is lent what another still has, and it comes back after an error', async () => {
  const fault = new Error('damaged');
  let first: Buffer | undefined;
  const failed = borrow(10, async (memory) => {
    first = memory;
    expect(await lend(10)).not.toBe(memory);
    throw fault;
  });
  await expect(failed).rejects.toBe(fault);
  expect(await Promise.all([lend(10), lend(10)])).toContain(first);
});

test('the system gets back what is too much: the third, all when there is other work, and all after a second without any', async () => {
  const bytes = (memories: Buffer[]) => memories.map(({ buffer }) => buffer.byteLength);
  const three = await Promise.all([lend(10), lend(20), lend(30)]);
  expect(bytes(three)).toEqual([0, 20, 30]);
  release();
  expect(bytes(three)).toEqual([0, 0, 0]);
  const one = await lend(10);
  vi.advanceTimersByTime(900);
  await lend(10);
  vi.advanceTimersByTime(900);
  expect(bytes([one])).toEqual([10]);
  vi.advanceTimersByTime(100);
  expect(bytes([one])).toEqual([0]);
});
