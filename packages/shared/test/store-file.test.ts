import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { entriesOf, readBytes, type Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { testStore } from './store-suite.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const filesIn = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true })).filter((item) => item.isFile()).map(({ name }) => name);

let folder: string;
let root: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'a store '));
  root = join(folder, 'deep/root');
  store = openStore(pathToFileURL(root).href);
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

test('a writer killed at any moment leaves the old bytes or the new ones', async () => {
  const module = new URL('../src/store/open.ts', import.meta.url).href;
  const script = `
    const { openStore } = await import(${JSON.stringify(module)});
    const store = openStore(${JSON.stringify(pathToFileURL(root).href)});
    console.log('ready');
    for (let round = 0; ; round += 1) {
      await store.write('key', Buffer.alloc(3_000_000, 'ab'[round % 2]));
      await store.writeOnce('once/' + round, Buffer.alloc(1_000_000, 'c'));
    }`;
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await sleep(60 + 70 * round);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for await (const { key } of store.list('')) {
      const bytes = (await readBytes(store, key))!;
      expect(bytes.length).toBe(key === 'key' ? 3_000_000 : 1_000_000);
      expect(bytes.equals(Buffer.alloc(bytes.length, bytes[0]))).toBe(true);
    }
  }
});

test.skipIf(!isRoot)('a full disk fails the write, and leaves nothing behind (needs root)', async () => {
  await mkdir(root, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', root]);
  try {
    await store.write('kept', Buffer.from('old'));
    const file = join(folder, 'large');
    await writeFile(file, '');
    await truncate(file, 5_000_000);
    for (const content of [Buffer.alloc(5_000_000), { file }]) {
      await expect(store.write('kept', content)).rejects.toMatchObject({ code: 'ENOSPC' });
      await expect(store.writeOnce('new/key', content)).rejects.toMatchObject({ code: 'ENOSPC' });
    }
    expect(await filesIn(root)).toEqual(['kept']);
    await store.write('after', Buffer.alloc(1_000_000));
  } finally {
    await run('umount', [root]);
  }
});

test('a write to a read-only folder fails and leaves nothing behind', async () => {
  await store.write('jobs/kept', Buffer.from('old'));
  // Root may write anywhere, so it becomes somebody else for a moment.
  await chmod(folder, 0o755);
  await chmod(join(root, '.tmp'), 0o777);
  await chmod(join(root, 'jobs'), 0o555);
  if (isRoot) process.seteuid?.(65_534);
  try {
    await expect(store.write('jobs/kept', Buffer.from('new'))).rejects.toMatchObject({ code: 'EACCES' });
    await expect(store.writeOnce('jobs/other', Buffer.from('new'))).rejects.toMatchObject({ code: 'EACCES' });
    await expect(store.remove('jobs/kept')).rejects.toMatchObject({ code: 'EACCES' });
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(join(root, 'jobs'), 0o755);
  }
  expect(await filesIn(root)).toEqual(['kept']);
  expect(await readFile(join(root, 'jobs/kept'), 'utf8')).toBe('old');
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
