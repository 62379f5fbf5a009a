import { expect, test } from 'vitest';
import { groupCommit } from '../src/store/group-commit.ts';

/** An fsync that ends when told to. */
function scripted() {
  const begun: { path: string; end: (error?: Error) => void }[] = [];
  const commit = groupCommit((path) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    begun.push({ path, end: (error) => (error ? reject(error) : resolve()) });
    return promise;
  });
  return { begun, commit };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('an fsync that began before a change does not make it durable: all who come meanwhile share the next one', async () => {
  const { begun, commit } = scripted();
  const first = commit('a');
  let done = 0;
  const others = [1, 2, 3].map(() => commit('a').then(() => (done += 1)));
  begun[0]!.end();
  await first;
  await turn();
  expect({ syncs: begun.length, done }).toEqual({ syncs: 2, done: 0 });
  const late = commit('a');
  begun[1]!.end();
  await Promise.all(others);
  await turn();
  expect({ syncs: begun.length, done }).toEqual({ syncs: 3, done: 3 });
  begun[2]!.end();
  await late;
  void commit('a');
  expect(begun).toHaveLength(4);
});

test('folders do not wait for each other', () => {
  const { begun, commit } = scripted();
  void commit('a');
  void commit('b');
  expect(begun.map(({ path }) => path)).toEqual(['a', 'b']);
});

test('a fault is that of those who shared the fsync, and of nobody else', async () => {
  const { begun, commit } = scripted();
  const first = commit('a');
  const second = commit('a');
  begun[0]!.end(new Error('EIO'));
  await expect(first).rejects.toThrow('EIO');
  await turn();
  begun[1]!.end();
  await second;
});
