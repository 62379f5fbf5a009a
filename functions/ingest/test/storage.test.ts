import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { guarded, StorageFailed } from '../src/storage.ts';

const fault = (code: string, cause?: unknown) => Object.assign(new Error('write', { cause }), { code });

test.each([
  ['a full disk', fault('ENOSPC'), 507],
  ['a quota that is used up', fault('EDQUOT'), 507],
  ['a full disk, deep in the causes', fault('EIO', fault('ENOSPC')), 507],
  ['another fault of the disk', fault('EIO'), 503],
  ['a fault without a code', new Error('write'), 503],
  ['something other than an error', 'ENOSPC', 503],
])('%s', (_what, cause, status) => {
  const failed = new StorageFailed(cause);
  expect(failed).toMatchObject({ name: 'StorageFailed', status, cause, retryAfter: status === 507 ? 60 : 5 });
  expect(failed.message).toMatch(status === 507 ? /no space left.*try again later/ : /cannot be reached.*Try again/);
});

const uses: [string, (store: Store) => Promise<unknown>][] = [
  ['stat', (store) => store.stat('a')],
  ['read', (store) => store.read('a')],
  ['write', (store) => store.write('a', Buffer.from('1'))],
  ['writeOnce', (store) => store.writeOnce('a', Buffer.from('1'))],
  ['remove', (store) => store.remove('a')],
  ['presign', (store) => store.presign!('a', { seconds: 1, filename: 'a', type: 'image/png' })],
  ['list', (store) => entriesOf(store, 'a')],
];

test.each(uses)('whatever fails in %s is a fault of the storage', async (method, use) => {
  const cause = fault('EIO');
  const broken: Store = { ...memoryStore(), presign: async () => '', [method]: () => Promise.reject(cause) };
  if (method === 'list')
    // oxlint-disable-next-line require-yield -- it fails before it has anything
    broken.list = async function* list() {
      throw cause;
    };
  await expect(use(guarded(broken))).rejects.toMatchObject({ name: 'StorageFailed', cause });
});

test('what works is passed on, and only a store that can presign does', async () => {
  const store = guarded(memoryStore());
  expect(store.presign).toBeUndefined();
  await store.write('a', Buffer.from('one'));
  expect(await store.writeOnce('a', Buffer.from('two'))).toBe(false);
  expect(await store.stat('a')).toMatchObject({ size: 3 });
  expect(await readBytes(store, 'a')).toEqual(Buffer.from('one'));
  expect(await text((await store.read('a', { start: 1 }))!)).toBe('ne');
  expect([...(await entriesOf(store, 'a')).keys()]).toEqual(['a']);
  await store.remove('a');
  expect(await store.stat('a')).toBeUndefined();
  const signing = guarded({ ...memoryStore(), presign: async (key, { seconds }) => `https://store/${key}?for=${seconds}` });
  expect(await signing.presign!('a', { seconds: 5, filename: 'a', type: 'image/png' })).toBe('https://store/a?for=5');
});
