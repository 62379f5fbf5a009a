import { expect, test } from 'vitest';
import { openTurns } from '../src/upload/turns.ts';

/** Work that has begun, by name, and how each is ended. */
function workshop(atOnce: number) {
  const takeTurn = openTurns(atOnce);
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

test('so many work at once, and the next begins when one has ended', async () => {
  const { work, begun, ends } = workshop(2);
  const all = ['a', 'b', 'c', 'd'].map((name) => work('one', name));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  ends.get('b')!.resolve();
  expect(await all[1]).toBe('b');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('one with many posts does not keep the one post of another behind them', async () => {
  const { work, begun, ends } = workshop(1);
  for (const name of ['a', 'b', 'c']) void work('many', name);
  void work('other', 'x');
  void work(undefined, 'y');
  for (let turn = 0; turn < 5; turn += 1) {
    await settled();
    ends.get(begun.at(-1)!)!.resolve();
  }
  expect(begun).toEqual(['a', 'x', 'y', 'b', 'c']);
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
  ends.get('b')!.resolve();
  await settled();
  void work('one', 'c');
  expect(begun).toEqual(['a', 'b', 'c']);
});
