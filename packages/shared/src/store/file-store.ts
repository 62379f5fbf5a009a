import { linkSync, mkdirSync, renameSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { backgroundClock } from '../clock.ts';
import type { Content } from './content.ts';
import { openDrafts } from './drafts.ts';
import { groupCommit } from './group-commit.ts';
import { walk } from './file-listing.ts';
import { bytesOfFile, chunksOfFile, readFile } from './file-reader.ts';
import { absentAsUndefined, codeOf, fileAt, fillFile, isAbsent, sync } from './local-file.ts';
import type { Needs, Store } from './store.ts';
import { assertKey, assertPrefix, assertRange } from './key.ts';

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
  const commit = groupCommit(sync);
  const settle = (path: string) => Promise.all([root, ...foldersBetween(root, path)].map(commit));

  const drafts = openDrafts(root, clock);
  async function put<T>(
    path: string,
    content: Content,
    into: (draft: string, path: string) => T,
    { durable = true }: Needs = {},
  ): Promise<T> {
    const draft = drafts.begin();
    try {
      // In the background: nobody's write has to wait for it.
      void drafts.clear();
      await fillFile(draft, content, durable).catch(async (error: unknown) => {
        if (!isAbsent(error)) throw error;
        await makeRoot(dirname(draft));
        await fillFile(draft, content, durable);
      });
      const result = place(path, () => into(draft, path));
      if (durable) await settle(path);
      return result;
    } finally {
      drafts.end(draft);
    }
  }

  /** On the first write. */
  async function makeRoot(draftFolder: string): Promise<void> {
    const made = await mkdir(draftFolder, { recursive: true });
    if (made) await Promise.all([dirname(made), ...foldersBetween(dirname(made), root)].map(sync));
  }

  return {
    async stat(key) {
      const found = statSync(pathOf(key), { bigint: true, throwIfNoEntry: false });
      if (!found?.isFile()) return undefined;
      // Each write creates a new file, so the inode distinguishes two of equal size within one clock tick.
      const etag = `"${[found.ino, found.size, found.mtimeNs].map((part) => part.toString(36)).join('-')}"`;
      return { key, size: Number(found.size), modified: found.mtime, etag };
    },

    async read(key, range = {}) {
      assertRange(range);
      return readFile(pathOf(key), range);
    },

    bytes: async (key) => bytesOfFile(pathOf(key)),

    chunks: async (key) => chunksOfFile(pathOf(key)),

    write: async (key, content, needs) => put(pathOf(key), content, renameSync, needs),

    async writeOnce(key, content, needs) {
      const path = pathOf(key);
      if (!fileAt(path)) return put(path, content, linkOnce, needs);
      // The caller relies on the winner's bytes, so they must be durable.
      if (needs?.durable !== false) await settle(path);
      return false;
    },

    async *list(prefix) {
      assertPrefix(prefix);
      // Who lists again and again must not keep all others waiting.
      await setImmediate();
      // Start at the deepest folder that the prefix names, rather than walking the whole store.
      yield* walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix);
    },

    async remove(key, { durable = true } = {}) {
      const path = pathOf(key);
      if (!fileAt(path)) return;
      removeFile(path);
      for (const empty of foldersBetween(root, path)) if (!isPruned(empty)) break;
      if (durable) await settle(path);
    },
  };
}

/** The folders that contain `path`, from the innermost up, below `root`. */
function foldersBetween(root: string, path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) folders.push(folder);
  return folders;
}

/** Others may have removed it already. */
function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    absentAsUndefined(error);
  }
}

/** @returns whether the folder was empty, or is gone already */
function isPruned(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return isAbsent(error);
  }
}

// Mostly the folder is there. Others may interfere: a removal prunes it again before put, or removes the file that stopped linkOnce. Then
// start over. Whatever is not a race still fails on the last attempt.
function place<Result>(path: string, put: () => Result): Result {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt > 1) mkdirSync(dirname(path), { recursive: true });
      return put();
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'EEXIST'].includes(codeOf(error)) || attempt === 100) throw error;
    }
  }
}

function linkOnce(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    // link also fails on a folder of that name, which is not a winner.
    if (codeOf(error) === 'EEXIST' && fileAt(path)) return false;
    throw error;
  }
}
