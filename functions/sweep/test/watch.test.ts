import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { beforeEach, expect, test } from 'vitest';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { testClock, type TestClock } from '../../../packages/shared/test/support/clock.ts';
import { readStoreTime } from '../src/store-time.ts';
import { pauseAfter, readWatch, writeWatch } from '../src/watch.ts';

let clock: TestClock;
let store: ReturnType<typeof memoryStore>;
beforeEach(() => {
  clock = testClock();
  store = memoryStore(() => clock.now());
});
const job = '00000000-0000-4000-8000-000000000001';
const nothing = { looks: 0, rounds: 0, settled: 0, idleSeconds: 0 };

test('what is remembered of a job is found again', async () => {
  const watch = { looks: 5, rounds: 2, settled: 3, idleSeconds: 60.5 };
  await writeWatch(store, job, watch);
  expect(await readWatch(store, job)).toEqual(watch);
});

test.each([
  ['absent', undefined],
  ['empty', ''],
  ['cut off', '{"looks": '],
  ['null', 'null'],
  ['a text', '"x"'],
  ['wrong', '{"looks": -1, "rounds": "3", "settled": null, "idleSeconds": "x"}'],
])('of a marker that is %s, nothing is remembered', async (_kind, content) => {
  if (content !== undefined) await store.write(keys.open(job), Buffer.from(content));
  expect(await readWatch(store, job)).toEqual(nothing);
});

test('of a marker that is as ingest writes it, when the job was accepted, and that stays', async () => {
  const acceptedAt = '2026-07-01T12:00:00Z';
  await store.write(keys.open(job), json({ acceptedAt }));
  const first = await readWatch(store, job);
  expect(first).toEqual({ ...nothing, acceptedAt });
  await writeWatch(store, job, { ...first, looks: 1 });
  expect(await readWatch(store, job)).toEqual({ ...nothing, looks: 1, acceptedAt });
});

test('one wrong number does not make the others wrong', async () => {
  await store.write(keys.open(job), json({ looks: 7, rounds: -3, settled: 2, idleSeconds: 10 }));
  expect(await readWatch(store, job)).toEqual({ looks: 7, rounds: 0, settled: 2, idleSeconds: 10 });
});

test('a store that cannot be read is a fault, not a marker without memory', async () => {
  store.read = () => Promise.reject(new Error('EIO'));
  await expect(readWatch(store, job)).rejects.toThrow('EIO');
});

test('the first rounds follow at once; then each pause is twice as long as the one before, up to eight times', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 50].map((rounds) => pauseAfter(rounds, 30) / 1000)).toEqual([
    30, 30, 30, 30, 60, 120, 240, 240, 240,
  ]);
});

test('ages are by the clock of the store', async () => {
  await clock.advance(5000);
  const time = await readStoreTime(store);
  expect(time.now).toBe(clock.now());
  expect(time.since(new Date(clock.now() - 7000))).toBe(7000);
  // Changed while sweep looks.
  expect(time.since(new Date(clock.now() + 120_000))).toBe(-120_000);
  // Nothing should wait for that date to come.
  expect(time.since(new Date(clock.now() + 120_001))).toBe(Infinity);
});

test('a store that does not list what was just written is a fault', async () => {
  await store.write(`${keys.sweepTime}er`, json({}));
  store.write = async () => undefined;
  await expect(readStoreTime(store)).rejects.toThrow(keys.sweepTime);
});

test('a key that merely begins alike does not tell the time', async () => {
  await readStoreTime(store);
  await clock.advance(5000);
  await store.write(`${keys.sweepTime}er`, json({}));
  store.write = async () => undefined;
  expect((await readStoreTime(store)).now).toBe(clock.now() - 5000);
});
