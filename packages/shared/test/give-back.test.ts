import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collectAll, giveBackWhenIdle } from '@darkroom/shared/give-back';

/** A minute at a time; `next` says how many milliseconds of processor time were used in it. */
function minutes() {
  let [used, collections] = [70_000, 0];
  let wake: () => void = () => undefined;
  giveBackWhenIdle({
    clock: { now: () => 0, sleep: () => new Promise((resolve) => (wake = resolve)) },
    used: () => used,
    collect() {
      collections += 1;
      used += 20_000;
    },
  });
  return async (milliseconds: number) => {
    used += milliseconds * 1000;
    const before = collections;
    wake();
    await turn();
    return collections > before;
  };
}

test('memory is given back in the first idle minute after work, and once', async () => {
  const minute = minutes();
  expect(await minute(1)).toBe(true);
  expect(await minute(1)).toBe(false);
  expect(await minute(20_000)).toBe(false);
  expect(await minute(1500)).toBe(false);
  expect(await minute(2)).toBe(true);
  for (let count = 0; count < 10; count += 1) expect(await minute(2)).toBe(false);
});

test('little work now and then is garbage as well, once there is enough of it', async () => {
  const minute = minutes();
  await minute(1);
  expect([await minute(30), await minute(30), await minute(30)]).toEqual([false, true, false]);
});

test('what nobody can reach any more is given back', async () => {
  const kept = { text: 'kept' };
  const [gone, still] = [new WeakRef({ text: 'gone' }), new WeakRef(kept)];
  // Until the end of the turn in which it was made, what a WeakRef names is kept.
  await turn();
  collectAll();
  expect([gone.deref(), still.deref()]).toEqual([undefined, kept]);
});
