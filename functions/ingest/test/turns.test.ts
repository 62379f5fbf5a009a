import { expect, test } from 'vitest';
import { openTurns } from '../src/upload/turns.ts';

/** Work that has begun, by name, and how each is ended. */
function workshop(perClient: number) {
  const takeTurn = openTurns(perClient);
  const begun: string[] = [];
  const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  return {
    begun,
    ends,
    work: (client: string | undefined, name: string) =>
      takeTurn(client, () => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => ends.set(name, { resolve: () => resolve(name), reject }));
      }),
  };
}
const settled = () => new Promise((wake) => setImmediate(wake));

test('a client does so much at once, and begins the next when one has ended', async () => {
  const { work, begun, ends } = workshop(2);
  const all = ['a', 'b', 'c', 'd'].map((name) => work('one', name));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  ends.get('b')!.resolve();
  expect(await all[1]).toBe('b');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c']) ends.get(name)!.resolve();
  await settled();
  void work('one', 'e');
  void work('one', 'f');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('nobody waits for another client, or where clients cannot be told apart', async () => {
  const { work, begun } = workshop(1);
  for (const name of ['a', 'b', 'c']) void work('many', name);
  void work('other', 'x');
  for (const name of ['y', 'z']) void work(undefined, name);
  await settled();
  expect(begun.sort()).toEqual(['a', 'x', 'y', 'z']);
});

test('who comes while others of the same client wait, waits behind them', async () => {
  const { work, begun, ends } = workshop(1);
  for (const name of ['a', 'b', 'c']) void work('one', name);
  await settled();
  ends.get('a')!.resolve();
  await settled();
  void work('one', 'd');
  await settled();
  expect(begun).toEqual(['a', 'b']);
});

test('work that fails gives its turn back, and says why', async () => {
  const { work, begun, ends } = workshop(1);
  const first = work('one', 'a');
  void work('one', 'b');
  await settled();
  ends.get('a')!.reject(new Error('the disk is full'));
  await expect(first).rejects.toThrow('the disk is full');
  await settled();
  expect(begun).toEqual(['a', 'b']);
});
