import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';

// The real calls, with something that happens right before one of them: what others do at the worst moment.
vi.mock('node:fs/promises', { spy: true });
const { link, mkdir, rename, rm } = files;
const real = await vi.importActual<typeof files>('node:fs/promises');

let root: string;
let store: Store;
beforeEach(async () => {
  root = join(await real.mkdtemp(join(tmpdir(), 'races-')), 'root');
  store = openStore(pathToFileURL(root).href);
  await store.write('busy/1', Buffer.from('x'));
});
afterEach(async () => {
  vi.resetAllMocks();
  await real.rm(dirname(root), { recursive: true, force: true });
});
const text = async (key: string) => (await readBytes(store, key))?.toString();

test.each([
  [
    'write',
    () =>
      vi
        .mocked(rename)
        .mockImplementationOnce(async (...args) => (await real.rmdir(dirname(String(args[1]))), real.rename(...args))),
  ],
  [
    'writeOnce',
    () =>
      vi.mocked(link).mockImplementationOnce(async (...args) => (await real.rmdir(dirname(String(args[1]))), real.link(...args))),
  ],
] as const)('%s begins again if its folder is pruned under it', async (operation, prune) => {
  prune();
  await store[operation]('new/key', Buffer.from('bytes'));
  expect(await text('new/key')).toBe('bytes');
});

test.each([
  ['where a folder must be', 'new/key'],
  ['where a folder of a folder must be', 'new/folder/key'],
])('a key that stood %s and then goes does not fail a write', async (_where, key) => {
  const obstacle = join(root, 'new');
  vi.mocked(mkdir).mockImplementation(async (path, options) => {
    if (!String(path).startsWith(obstacle)) return real.mkdir(path, options);
    vi.mocked(mkdir).mockReset();
    await real.writeFile(obstacle, 'x');
    try {
      return await real.mkdir(path, options);
    } finally {
      await real.rm(obstacle);
    }
  });
  await store.write(key, Buffer.from('bytes'));
  expect(await text(key)).toBe('bytes');
});

test('a winner that is removed before it could be seen does not count: the next attempt wins', async () => {
  vi.mocked(link).mockImplementationOnce(async (draft, path) => {
    await real.writeFile(path, 'winner');
    try {
      await real.link(draft, path);
    } finally {
      await real.rm(path);
    }
  });
  expect(await store.writeOnce('key', Buffer.from('bytes'))).toBe(true);
  expect(await text('key')).toBe('bytes');
});

test('a fault of the disk is never taken for "it already exists"', async () => {
  vi.mocked(link).mockImplementationOnce(async (_draft, path) => {
    await real.writeFile(path, 'winner');
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  await expect(store.writeOnce('key', Buffer.from('bytes'))).rejects.toThrow('no space left');
});

test('a fault that is no race fails a write at once', async () => {
  vi.mocked(rename).mockRejectedValue(Object.assign(new Error('read-only'), { code: 'EROFS' }));
  await expect(store.write('key', Buffer.from('bytes'))).rejects.toThrow('read-only');
  expect(rename).toHaveBeenCalledTimes(2);
});

test('a race that never ends fails a write in the end, and leaves no draft', async () => {
  vi.mocked(rename).mockRejectedValue(Object.assign(new Error('gone'), { code: 'ENOENT' }));
  await expect(store.write('key', Buffer.from('bytes'))).rejects.toThrow('gone');
  expect(await real.readdir(join(root, '.tmp'))).toEqual([]);
});

test('of two that remove a key, the slower one finds it gone, which is no fault', async () => {
  await store.write('key', Buffer.from('x'));
  vi.mocked(rm).mockImplementationOnce(async (path, options) => {
    await real.rm(path);
    await real.rm(path, options);
  });
  await store.remove('key');
  expect([...(await entriesOf(store, '')).keys()]).toEqual(['busy/1']);
});

test.runIf(process.platform === 'linux')('however much is written and removed, no file stays open', async () => {
  const openFiles = async () => (await real.readdir('/proc/self/fd')).length;
  const round = async (name: number) => {
    await store.write(`a/${name}`, Buffer.from('x'));
    await store.writeOnce(`b/${name}`, Buffer.from('x'));
    await store.remove(`a/${name}`);
  };
  await round(0);
  const before = await openFiles();
  for (let name = 1; name <= 20; name += 1) await round(name);
  expect(await openFiles()).toBeLessThan(before + 10);
});
