import { signOfWork } from '@darkroom/shared/filter/sign';
import { keys } from '@darkroom/shared/job/keys';
import type { Store } from '@darkroom/shared/store';
import { beforeEach, expect, test } from 'vitest';
import { type TestClock, testClock } from './support/clock.ts';
import { memoryStore } from './support/memory-store.ts';

let clock: TestClock;
let store: Store;
beforeEach(() => {
  clock = testClock();
  store = memoryStore(() => clock.now());
});
const noted = async () => (await store.stat(keys.made('sepia')))?.modified.getTime();

test('that a filter makes prints is noted with the first, and then once in ten seconds', async () => {
  const sign = signOfWork(store, 'sepia', clock);
  expect(await noted()).toBeUndefined();
  await sign();
  const first = clock.now();
  expect(await noted()).toBe(first);
  await clock.advance(9_999);
  await sign();
  expect(await noted()).toBe(first);
  await clock.advance(1);
  await sign();
  expect(await noted()).toBe(first + 10_000);
});

test('a clock that was set back by a day is no reason to note nothing for a day', async () => {
  const sign = signOfWork(store, 'sepia', clock);
  await sign();
  clock.jump(-24 * 60 * 60 * 1000);
  await sign();
  expect(await noted()).toBe(clock.now());
});

test('a print is none the worse for a note that cannot be written', async () => {
  store.write = () => Promise.reject(new Error('EIO'));
  await expect(signOfWork(store, 'sepia', clock)()).resolves.toBeUndefined();
});
