import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { backgroundClock } from '../clock.ts';
import { chunksOf, type Content } from './content.ts';
import { openDrafts } from './drafts.ts';
import type { Entry, Store } from './store.ts';
import { assertKey, assertPrefix, assertRange, isKey } from './key.ts';

/**
 * A store in a folder. Bytes go to a draft that is fsynced and then renamed (write) or linked (writeOnce: link fails if the name
 * exists, so exactly one writer wins); then every folder up to the root is fsynced.
 * @param folder absolute path; created on the first write
 * @param clock says when drafts that were left behind are removed
 */
export function fileStore(folder: string, clock = backgroundClock): Store {
  const root = resolve(folder);
  const pathOf = (key: string) => {
    assertKey(key);
    return join(root, key);
  };
  // A name is an entry in its folder, and the folder one in its parent, which another process may have created but not synced yet.
  // Synced together they are one journal commit, about as cheap as the innermost alone.
  const settle = (path: string) => Promise.all([root, ...foldersBetween(root, path)].map(syncFolder));

  const drafts = openDrafts(root, clock);
  async function put<T>(path: string, content: Content, into: (draft: string, path: string) => Promise<T>): Promise<T> {
    const draft = drafts.begin();
    try {
      const made = await mkdir(dirname(draft), { recursive: true });
      if (made) await Promise.all([dirname(made), ...foldersBetween(dirname(made), root)].map(syncFolder));
      // In the background: nobody's write has to wait for it.
      void drafts.clear();
      await writeFile(draft, chunksOf(content), { flag: 'wx', flush: true });
      const result = await place(path, () => into(draft, path));
      await settle(path);
      return result;
    } finally {
      await drafts.end(draft);
    }
  }

  return {
    async stat(key) {
      const found = await stat(pathOf(key), { bigint: true }).catch(absentAsUndefined);
      if (!found?.isFile()) return undefined;
      // Each write creates a new file, so the inode distinguishes two of equal size within one clock tick.
      const etag = `"${[found.ino, found.size, found.mtimeNs].map((part) => part.toString(36)).join('-')}"`;
      return { key, size: Number(found.size), modified: found.mtime, etag };
    },

    async read(key, range = {}) {
      assertRange(range);
      const path = pathOf(key);
      const handle = (await isFile(path)) ? await open(path).catch(absentAsUndefined) : undefined;
      return handle && createReadStream('', { fd: handle, ...range });
    },

    write: async (key, content) => put(pathOf(key), content, rename),

    async writeOnce(key, content) {
      const path = pathOf(key);
      if (!(await isFile(path))) return put(path, content, linkOnce);
      // The caller relies on the winner's bytes, so they must be durable.
      await settle(path);
      return false;
    },

    async *list(prefix) {
      assertPrefix(prefix);
      // Start at the deepest folder that the prefix names, rather than walking the whole store.
      yield* walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix);
    },

    async remove(key) {
      const path = pathOf(key);
      if (!(await isFile(path))) return;
      await rm(path, { force: true });
      for (const empty of foldersBetween(root, path)) if (!(await rmdir(empty).then(() => true, isAbsent))) break;
      await settle(path);
    },
  };
}

/** The folders that contain `path`, from the innermost up, below `root`. */
function foldersBetween(root: string, path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) folders.push(folder);
  return folders;
}

// Others may interfere: a removal prunes a folder during mkdir or before put, or removes the file that stopped linkOnce. Then start
// over. Whatever is not a race still fails on the last attempt.
async function place<Result>(path: string, put: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(dirname(path), { recursive: true });
      return await put();
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'EEXIST'].includes(codeOf(error)) || attempt === 100) throw error;
    }
  }
}

async function linkOnce(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    // link also fails on a folder of that name, which is not a winner.
    if (codeOf(error) === 'EEXIST' && (await isFile(path))) return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path).catch(absentAsUndefined);
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

async function* walk(root: string, folder: string, prefix: string): AsyncGenerator<Entry> {
  for (const item of (await readdir(join(root, folder), { withFileTypes: true }).catch(absentAsUndefined)) ?? []) {
    const key = folder + item.name;
    // Skips drafts, and whatever else is here ("lost+found").
    if (!isKey(key) || !key.startsWith(prefix)) continue;
    if (item.isDirectory()) yield* walk(root, `${key}/`, prefix);
    const found = item.isFile() && (await stat(join(root, key)).catch(absentAsUndefined));
    if (found) yield { key, size: found.size, modified: found.mtime };
  }
}

const isFile = async (path: string) => (await stat(path).catch(absentAsUndefined))?.isFile() ?? false;
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';
const isAbsent = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
function absentAsUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
