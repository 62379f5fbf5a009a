import * as files from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';

// The real calls, with something that happens right before one of them: what others do at the worst moment.
vi.mock('node:fs', { spy: true });
const { linkSync, mkdirSync, renameSync, unlinkSync } = files;
const real = await vi.importActual<typeof files>('node:fs');

let root: string;
let store: Store;
beforeEach(async () => {
  root = join(real.mkdtempSync(join(tmpdir(), 'races-')), 'root');
  store = openStore(pathToFileURL(root).href);
  await store.write('busy/1', Buffer.from('x'));
});
afterEach(() => {
  vi.resetAllMocks();
  real.rmSync(dirname(root), { recursive: true, force: true });
});
const text = async (key: string) => (await readBytes(store, key))?.toString();

/** The folder is made at the second attempt, and gone again before the file is put there. */
function pruneBefore(put: typeof linkSync | typeof renameSync, really: (from: string, to: string) => void): void {
  vi.mocked(mkdirSync).mockImplementationOnce((path, options) => {
    vi.mocked(put).mockImplementationOnce((from, to) => {
      real.rmdirSync(dirname(String(to)));
      really(String(from), String(to));
    });
    return real.mkdirSync(path, options);
  });
}

test.each([
  ['write', () => pruneBefore(renameSync, real.renameSync)],
  ['writeOnce', () => pruneBefore(linkSync, real.linkSync)],
] as const)('%s begins again if its folder is pruned under it', async (operation, prune) => {
  prune();
  await store[operation]('new/key', Buffer.from('bytes'));
  expect(await text('new/key')).toBe('bytes');
  expect(mkdirSync).toHaveBeenCalledTimes(3);
});

test.each([
  ['where a folder must be', 'new/key'],
  ['where a folder of a folder must be', 'new/folder/key'],
])('a key that stood %s and then goes does not fail a write', async (_where, key) => {
  const obstacle = join(root, 'new');
  vi.mocked(mkdirSync).mockImplementation((path, options) => {
    if (!String(path).startsWith(obstacle)) return real.mkdirSync(path, options);
    vi.mocked(mkdirSync).mockReset();
    real.writeFileSync(obstacle, 'x');
    try {
      return real.mkdirSync(path, options);
    } finally {
      real.rmSync(obstacle);
    }
  });
  await store.write(key, Buffer.from('bytes'));
  expect(await text(key)).toBe('bytes');
});

test('a winner that is removed before it could be seen does not count: the next attempt wins', async () => {
  vi.mocked(linkSync).mockImplementationOnce((draft, path) => {
    real.writeFileSync(path, 'winner');
    try {
      real.linkSync(draft, path);
    } finally {
      real.rmSync(path);
    }
  });
  expect(await store.writeOnce('key', Buffer.from('bytes'))).toBe(true);
  expect(await text('key')).toBe('bytes');
});

test('a fault of the disk is never taken for "it already exists"', async () => {
  vi.mocked(linkSync).mockImplementationOnce((_draft, path) => {
    real.writeFileSync(path, 'winner');
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  await expect(store.writeOnce('key', Buffer.from('bytes'))).rejects.toThrow('no space left');
});

test('a fault that is no race fails a write at once', async () => {
  vi.mocked(renameSync).mockImplementation(() => {
    throw Object.assign(new Error('read-only'), { code: 'EROFS' });
  });
  await expect(store.write('key', Buffer.from('bytes'))).rejects.toThrow('read-only');
  expect(renameSync).toHaveBeenCalledTimes(3);
});

test('a race that never ends fails a write in the end, and leaves no draft', async () => {
  vi.mocked(renameSync).mockImplementation(() => {
    throw Object.assign(new Error('gone'), { code: 'ENOENT' });
  });
  await expect(store.write('key', Buffer.from('bytes'))).rejects.toThrow('gone');
  expect(real.readdirSync(join(root, '.tmp'))).toEqual([]);
});

test('of two that remove a key, the slower one finds it gone, which is no fault', async () => {
  await store.write('key', Buffer.from('x'));
  vi.mocked(unlinkSync).mockImplementation((path) => {
    real.unlinkSync(path);
    real.unlinkSync(path);
  });
  await store.remove('key');
  expect([...(await entriesOf(store, '')).keys()]).toEqual(['busy/1']);
});

test.runIf(process.platform === 'linux')('however much is written and removed, no file stays open', async () => {
  const openFiles = () => real.readdirSync('/proc/self/fd').length;
  const round = async (name: number) => {
    await store.write(`a/${name}`, Buffer.from('x'));
    await store.writeOnce(`b/${name}`, Buffer.from('x'));
    await store.remove(`a/${name}`);
  };
  await round(0);
  const before = openFiles();
  for (let name = 1; name <= 20; name += 1) await round(name);
  expect(openFiles()).toBeLessThan(before + 10);
});
