import { beforeEach, expect, test } from 'vitest';
import { type Budget, budget } from '../src/worker/budget.ts';

let shared: Budget;
let granted: string[];
const never = new AbortController().signal;
beforeEach(() => {
  shared = budget(100);
  granted = [];
});

/** How a reservation stands once everything has settled. */
async function reserve(name: string, bytes: number, signal = never) {
  const end = { refused: undefined as unknown };
  shared.reserve(bytes, signal).then(
    () => granted.push(name),
    (error: unknown) => (end.refused = error),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return end;
}

test('all of it can be had at once, and then nothing', async () => {
  await reserve('a', 60);
  await reserve('b', 40);
  await reserve('c', 1);
  expect(granted).toEqual(['a', 'b']);
});

test('first come, first served: a small one does not overtake a large one', async () => {
  const first = new AbortController();
  await reserve('a', 60, first.signal);
  await reserve('large', 80);
  await reserve('small', 10);
  expect(granted).toEqual(['a']);
  first.abort();
  await reserve('later', 10);
  expect(granted).toEqual(['a', 'large', 'small', 'later']);
});

test('whoever gives up while waiting leaves the line, takes nothing with it, and is told', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  await reserve('a', 60, first.signal);
  const waiting = await reserve('b', 80, second.signal);
  await reserve('c', 40);
  second.abort();
  await reserve('d', 1);
  expect(waiting.refused).toBe(second.signal.reason);
  expect(granted).toEqual(['a', 'c']);
  first.abort();
  await reserve('e', 59);
  expect(granted).toEqual(['a', 'c', 'd', 'e']);
});

test('nor does it let others in early', async () => {
  const second = new AbortController();
  await reserve('a', 60);
  await reserve('b', 50);
  await reserve('c', 80, second.signal);
  second.abort();
  await reserve('d', 1);
  expect(granted).toEqual(['a']);
});

test('whoever has given up beforehand gets nothing and takes nothing', async () => {
  expect((await reserve('a', 100, AbortSignal.abort('over'))).refused).toBe('over');
  await reserve('b', 100);
  expect(granted).toEqual(['b']);
});
