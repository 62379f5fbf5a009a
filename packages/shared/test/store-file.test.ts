import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '@darkroom/shared/clock';
import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { takeLock } from '@darkroom/shared/store/lock';
import { openStore } from '@darkroom/shared/store/open';
import { filesIn, storeInFolder } from './store-folder.ts';
import { testStore } from './store-suite.ts';

let folder: string;
let root: string;
let store: Store;
beforeEach(async () => {
  ({ folder, root, store } = await storeInFolder());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

testStore('a store in files', async () => {
  const path = await mkdtemp(join(tmpdir(), 'store-'));
  return { store: openStore(pathToFileURL(`${path}/root/`).href), close: () => rm(path, { recursive: true, force: true }) };
});

test('a draft of its own that the disk would not let it remove goes with a later write', async () => {
  await mkdir(join(root, '.tmp'), { recursive: true });
  await writeFile(join(root, '.tmp', `${hostname().replace(/\W/g, '-')}.${process.pid}.left`), 'x');
  await store.write('a', Buffer.from('y'));
  await expect.poll(() => filesIn(root)).toEqual(['a']);
});

test('the next process removes drafts of a killed one, but not those of others at work', async () => {
  await mkdir(join(root, '.tmp'), { recursive: true });
  await Promise.all(['stale', 'recent'].map((name) => writeFile(join(root, '.tmp', name), 'half')));
  const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
  await utimes(join(root, '.tmp/stale'), twoHoursAgo, twoHoursAgo);
  await store.write('key', Buffer.from('x'));
  await expect.poll(() => readdir(join(root, '.tmp'))).toEqual(['recent']);
  expect([...(await entriesOf(store, '')).keys()]).toEqual(['key']);
});

/** The paths below the folder that are fsynced while `work` is done, without those of drafts. */
async function synced(work: () => Promise<unknown>): Promise<string[]> {
  const paths: string[] = [];
  const spy = vi.spyOn(fs, 'fsync').mockImplementation((descriptor, done) => {
    paths.push(relative(folder, fs.readlinkSync(`/proc/self/fd/${descriptor}`)));
    done(null);
  });
  syncBuiltinESMExports();
  await work().finally(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  return [...new Set(paths)].sort();
}

test.runIf(process.platform === 'linux')(
  'what is said to be stored survives a power cut: every folder on its way is fsynced',
  async () => {
    const key = 'a/b/c';
    const below = ['deep/root', 'deep/root/a', 'deep/root/a/b'];
    expect(await synced(() => store.write(key, Buffer.from('x')))).toEqual(expect.arrayContaining(['', 'deep', ...below]));
    expect(await synced(() => store.write(key, Buffer.from('y')))).toEqual(expect.arrayContaining(below));
    expect(await synced(() => store.writeOnce('a/b/d', Buffer.from('x')))).toEqual(expect.arrayContaining(below));
    // And before it gets its name, the file itself.
    const draft = expect.stringContaining('.tmp/');
    expect(await synced(() => store.write('e', Buffer.from('x')))).toEqual(['deep/root', draft]);
    expect(await synced(() => store.writeOnce('f', Buffer.from('x')))).toEqual(['deep/root', draft]);
    // Somebody else wrote it, perhaps not yet durably, but the caller relies on it.
    expect(await synced(() => store.writeOnce(key, Buffer.from('z')))).toEqual(below);
    expect(await synced(() => store.remove(key))).toEqual(below);
    // What went with its last key need not be synced, but the folder it was in.
    expect(await synced(() => store.remove('a/b/d'))).toEqual(['deep/root']);
    expect(await synced(() => store.remove('a/b/d'))).toEqual([]);
  },
);

test.runIf(process.platform === 'linux')('what means nothing after a power cut waits for no disk', async () => {
  const passing = { durable: false };
  await store.write('a/b', Buffer.from('x'));
  expect(await synced(() => store.write('a/c', Buffer.from('x'), passing))).toEqual([]);
  expect(await synced(() => store.writeOnce('a/d', Buffer.from('x'), passing))).toEqual([]);
  expect(await synced(() => store.writeOnce('a/d', Buffer.from('y'), passing))).toEqual([]);
  expect((await readBytes(store, 'a/d'))?.toString()).toBe('x');
  expect(await synced(() => store.remove('a/d', passing))).toEqual([]);
  expect(await readBytes(store, 'a/d')).toBeUndefined();
  const locked = synced(async () => (await takeLock(store, 'lock', { clock: systemClock }))!.release());
  expect(await locked).toEqual([]);
});

test('a file on the same disk is not copied, and may be removed; one that others cannot read is copied', async () => {
  await store.write('first', Buffer.from('x'));
  const file = join(folder, 'spooled');
  await writeFile(file, 'content');
  const { ino } = await stat(file);
  expect(await synced(() => store.write('key', { file }))).toEqual(['deep/root', expect.stringContaining('.tmp/')]);
  expect(await store.writeOnce('once', { file })).toBe(true);
  expect((await stat(join(root, 'key'))).ino).toBe(ino);
  await rm(file);
  for (const key of ['key', 'once']) expect((await readBytes(store, key))?.toString()).toBe('content');
  expect((await filesIn(root)).sort()).toEqual(['first', 'key', 'once']);
  await writeFile(file, 'secret', { mode: 0o600 });
  await store.write('key', { file });
  expect((await stat(join(root, 'key'))).ino).not.toBe((await stat(file)).ino);
});

test('a folder that cannot be read is a fault, not an empty store or an absent key', async () => {
  await mkdir(root, { recursive: true });
  await symlink('loop', join(root, 'loop'));
  await expect(store.stat('loop')).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(store.read('loop')).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(entriesOf(store, 'loop/')).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(store.remove('loop')).rejects.toMatchObject({ code: 'ELOOP' });
});

test('a key in place of a folder is a fault, never "it already exists"', async () => {
  await store.write('jobs/1', Buffer.from('x'));
  for (const key of ['jobs', 'jobs/1/deeper', 'jobs/1/deeper/still']) {
    await expect(store.write(key, Buffer.from('x'))).rejects.toThrow(Error);
    await expect(store.writeOnce(key, Buffer.from('x'))).rejects.toThrow(Error);
  }
  expect(await filesIn(root)).toEqual(['1']);
});

test('foreign files beside the keys are neither listed nor followed', async () => {
  await store.write('key', Buffer.from('x'));
  await mkdir(join(root, 'lost+found'));
  await writeFile(join(root, 'lost+found/file'), 'x');
  await writeFile(join(root, '.hidden'), 'x');
  await symlink('/etc', join(root, 'link'));
  expect([...(await entriesOf(store, '')).keys()]).toEqual(['key']);
});

test('of a folder with more names than are read at once, all are listed, even while its reader removes them', async () => {
  await mkdir(join(root, 'many'), { recursive: true });
  const all = Array.from({ length: 2500 }, (_, number) => `many/${number}`).sort();
  for (const key of all) fs.writeFileSync(join(root, key), 'x');
  expect([...(await entriesOf(store, '')).keys()].sort()).toEqual(all);
  for await (const { key } of store.list('')) await store.remove(key);
  expect(await filesIn(root)).toEqual([]);
});

test.runIf(process.platform === 'linux')('a listing that nobody reads to its end leaves no folder open', async () => {
  for (const key of ['a/1', 'a/2', 'b']) await store.write(key, Buffer.from('x'));
  const openFolders = () => fs.readdirSync('/proc/self/fd').filter((fd) => isBelow(fd, root));
  for await (const { key } of store.list('a/')) {
    expect(openFolders(), key).toHaveLength(1);
    break;
  }
  expect(openFolders()).toEqual([]);
});

function isBelow(fd: string, path: string): boolean {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
  } catch {
    return false;
  }
}

test('stored files can be read by other users, whatever the mode of the file they came from', async () => {
  const file = join(folder, 'private');
  await writeFile(file, 'x', { mode: 0o400 });
  await store.write('bytes', Buffer.from('x'));
  await store.write('file', { file });
  expect((await stat(join(root, 'file'))).mode).toBe((await stat(join(root, 'bytes'))).mode);
});

test('the etag distinguishes two contents of equal size and time', async () => {
  const etags = new Set<string>();
  for (const content of ['a', 'b']) {
    await store.write('key', Buffer.from(content));
    await utimes(join(root, 'key'), 1, 1);
    etags.add((await store.stat('key'))!.etag);
  }
  expect(etags.size).toBe(2);
});

test('an empty folder goes with its last key, but the root stays', async () => {
  await store.write('a/b/c', Buffer.from('x'));
  await store.write('a/d', Buffer.from('x'));
  await store.remove('a/b/c');
  expect((await readdir(root)).sort()).toEqual(['.tmp', 'a']);
  expect(await readdir(join(root, 'a'))).toEqual(['d']);
  await store.remove('a/d');
  expect(await readdir(root)).toEqual(['.tmp']);
});
