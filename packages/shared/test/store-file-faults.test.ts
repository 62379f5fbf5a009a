import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBytes, type Store } from '@darkroom/shared/store';
import { filesIn, storeInFolder } from './store-folder.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let folder: string;
let root: string;
let store: Store;
beforeEach(async () => {
  ({ folder, root, store } = await storeInFolder());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

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
