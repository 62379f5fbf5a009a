import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { takeLock } from '@darkroom/shared/store/lock';
import { expect, test } from 'vitest';
import { testClock } from './support/clock.ts';
import { memoryStore } from './support/memory-store.ts';

const lease = 10_000;
const opened = () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const take = (from: Store = store) => takeLock(from, 'job/lock', { clock, lease });
  const term = async (number: number) => (await readBytes(store, `job/lock/${number}`))?.toString();
  return { clock, store, take, term };
};
/** Lets time pass until the work is done. */
async function passing<Result>(clock: ReturnType<typeof testClock>, work: Promise<Result>, limit = 60_000): Promise<Result> {
  const state = { done: false };
  const end = work.finally(() => (state.done = true));
  end.catch(() => undefined);
  for (let passed = 0; !state.done && passed < limit; passed += 100) await clock.advance(100);
  expect(state.done, `done within ${limit} ms of the test clock`).toBe(true);
  return end;
}
/** A store that fails while it is told to. */
function failing(store: Store, fails: (operation: keyof Store) => boolean): Store {
  const check = async (operation: keyof Store) => {
    if (fails(operation)) throw new Error('EIO');
  };
  return {
    stat: async (...args) => (await check('stat'), store.stat(...args)),
    read: async (...args) => (await check('read'), store.read(...args)),
    write: async (...args) => (await check('write'), store.write(...args)),
    writeOnce: async (...args) => (await check('writeOnce'), store.writeOnce(...args)),
    remove: async (...args) => (await check('remove'), store.remove(...args)),
    async *list(prefix) {
      await check('list');
      yield* store.list(prefix);
    },
  };
}

test('a living holder keeps the lock, and a taker gives up at its first sign of life', async () => {
  const { clock, take } = opened();
  const lock = (await take())!;
  await clock.advance(60 * lease);
  expect(await lock.still()).toBe(true);
  const asked = clock.now();
  expect(await passing(clock, take())).toBeUndefined();
  expect(clock.now() - asked).toBeLessThan(lease / 2);
  await lock.release();
});

test('a taker waits a whole lease for a dead holder, and no longer', async () => {
  const { clock, store, take } = opened();
  let dead = false;
  await take(failing(store, () => dead));
  dead = true;
  const asked = clock.now();
  const next = await passing(clock, take());
  expect(await next!.still()).toBe(true);
  expect(clock.now() - asked).toBeGreaterThanOrEqual(lease);
  expect(clock.now() - asked).toBeLessThan(lease * 1.05);
});

test.each([-86_400_000, 86_400_000])('a time of day that jumps by %i ms gives the lock to nobody', async (ms) => {
  const { clock, take } = opened();
  const lock = (await take())!;
  const other = take();
  clock.jump(ms);
  expect(await passing(clock, other)).toBeUndefined();
  expect(await lock.still()).toBe(true);
});

test('a holder that cannot reach the store gives up before a taker takes over', async () => {
  const { clock, store, take } = opened();
  let away = false;
  const lock = (await take(failing(store, () => away)))!;
  away = true;
  await clock.advance(lease * 0.74);
  expect(lock.signal.aborted).toBe(false);
  await clock.advance(lease * 0.02);
  expect(lock.signal.aborted).toBe(true);
  away = false;
  await clock.advance(lease);
  expect(await lock.still()).toBe(false);
});

test('one failed renewal does no harm', async () => {
  const { clock, store, take } = opened();
  let failures = 0;
  const lock = (await take(failing(store, (operation) => operation === 'write' && failures++ === 0)))!;
  await clock.advance(lease * 3);
  expect(failures).toBeGreaterThan(1);
  expect(await lock.still()).toBe(true);
});

test('trust counts from the start of a write: a write that takes longer than that is useless', async () => {
  const { clock, store, take } = opened();
  const slow = {
    ...store,
    write: async (...args: Parameters<Store['write']>) => (await clock.sleep(lease), store.write(...args)),
  };
  const lock = (await take(slow))!;
  await clock.advance(lease * 0.8);
  expect(lock.signal.aborted).toBe(true);
});

test('a slow renewal is as old as its beginning', async () => {
  const { clock, store, take } = opened();
  let writes = 0;
  const lock = (await take({
    ...store,
    async write(key, content) {
      writes += 1;
      if (writes > 1) throw new Error('EIO');
      await clock.sleep(lease * 0.4);
      await store.write(key, content);
    },
  }))!;
  await clock.advance(lease * 0.98);
  expect(lock.signal.aborted).toBe(false);
  await clock.advance(lease * 0.04);
  expect(lock.signal.aborted).toBe(true);
});

test('a taker that waited through several holders does not get a term that was already removed', async () => {
  const { clock, store, take } = opened();
  const first = (await take())!;
  await first.release();
  let late!: () => void;
  const slept = new Promise<void>((resolve) => (late = resolve));
  const sleepy = take({ ...store, writeOnce: async (...args) => (await slept, store.writeOnce(...args)) });
  await clock.advance(1);
  for (let round = 0; round < 2; round += 1) await (await take())!.release();
  const holder = (await take())!;
  late();
  expect(await passing(clock, sleepy)).toBeUndefined();
  expect(await holder.still()).toBe(true);
});

test('earlier terms are removed, and the last stays', async () => {
  const { store, take } = opened();
  for (let round = 0; round < 3; round += 1) await (await take())!.release();
  expect([...(await entriesOf(store, '')).keys()]).toEqual(['job/lock/3']);
});

test('a lock that was removed with its job is not rewritten', async () => {
  const { clock, store, take, term } = opened();
  const lock = (await take())!;
  await store.remove('job/lock/1');
  await clock.advance(lease);
  expect(lock.signal.aborted).toBe(true);
  await lock.release();
  expect(await term(1)).toBeUndefined();
});

test('a taker does not wait for a lock that is removed', async () => {
  const { clock, store, take } = opened();
  await take();
  const other = take();
  await clock.advance(1);
  await store.remove('job/lock/1');
  expect(await passing(clock, other)).toBeUndefined();
});

test('a taker that waits takes over as soon as the lock is released', async () => {
  const { clock, take } = opened();
  const lock = (await take())!;
  const asked = clock.now();
  const next = take();
  await clock.advance(1);
  await lock.release();
  expect(await (await passing(clock, next))!.still()).toBe(true);
  expect(clock.now() - asked).toBeLessThan(lease / 5);
});

test('a released lock leaves no timer behind, which would keep a process from its end', async () => {
  const { clock, take } = opened();
  const lock = (await take())!;
  await clock.advance(lease);
  await lock.release();
  expect(clock.sleepers()).toBe(0);
});

test('neither does a lock that cannot be taken, because the store fails or another taker was faster', async () => {
  const { clock, store, take } = opened();
  await expect(take(failing(store, (operation) => operation === 'writeOnce'))).rejects.toThrow('EIO');
  expect(await take({ ...store, writeOnce: async () => false })).toBeUndefined();
  expect(clock.sleepers()).toBe(0);
  expect((await entriesOf(store, '')).size).toBe(0);
});

test('a term that goes between the listing and its reading has a successor, which is looked for', async () => {
  const { clock, store, take } = opened();
  await (await take())!.release();
  let reads = 0;
  const racing: Store = {
    ...store,
    async read(key) {
      reads += 1;
      if (reads > 1) return store.read(key);
      await (await take())!.release();
      return undefined;
    },
  };
  expect(await (await passing(clock, take(racing)))!.still()).toBe(true);
  expect([...(await entriesOf(store, '')).keys()]).toEqual(['job/lock/3']);
});

test('other locks beside it do not matter', async () => {
  const { store, take } = opened();
  const others = ['job/lock-2/9', 'job/locks/7', 'other/lock/5', 'job/lock.json'];
  for (const key of others) await store.write(key, Buffer.from('x'));
  const lock = (await take())!;
  expect(await lock.still()).toBe(true);
  await lock.release();
  expect([...(await entriesOf(store, '')).keys()].sort()).toEqual([...others, 'job/lock/1'].sort());
});

test('a store that fails while the lock is being taken is reported, and the lock is free again', async () => {
  const { clock, store, take } = opened();
  let calls = 0;
  await expect(take(failing(store, (operation) => operation === 'list' && ++calls === 2))).rejects.toThrow('EIO');
  expect(await passing(clock, take())).toBeDefined();
});
