import { randomUUID } from 'node:crypto';
import { constants, createReadStream, type Dirent } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Content, Entry, Store } from './store.ts';

/** Half-written files wait here; keys never start with a dot, so that none can collide. */
const temporary = '.tmp';

/**
 * A store in a folder. Writes go to a temporary file that is fsynced and then renamed (write) or linked (writeOnce: link
 * fails where the name exists, which is what makes exactly one writer win), and the folder is fsynced after.
 * @param root absolute path; made on the first write
 */
export function fileStore(root: string): Store {
  const pathOf = (key: string) => {
    if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(key)) throw new Error(`Not a key: ${JSON.stringify(key)}`);
    return join(root, key);
  };

  async function place(key: string, content: Content, put: (from: string, to: string) => Promise<void>) {
    const path = pathOf(key);
    const draft = join(root, temporary, randomUUID());
    await makeFolder(dirname(draft));
    try {
      await writeDraft(draft, content);
      // A removal beside us may prune the folder between mkdir and put: make it again.
      for (let attempt = 1; ; attempt += 1) {
        await makeFolder(dirname(path));
        try {
          await put(draft, path);
          break;
        } catch (error) {
          if (!isAbsent(error) || attempt === 5) throw error;
        }
      }
      await syncFolder(dirname(path));
    } finally {
      await rm(draft, { force: true });
    }
  }

  return {
    async stat(key) {
      const found = await stat(pathOf(key)).catch(absentAsUndefined);
      if (!found?.isFile()) return undefined;
      const etag = `"${found.size.toString(16)}-${Math.round(found.mtimeMs).toString(16)}"`;
      return { key, size: found.size, modified: found.mtime, etag };
    },

    async read(key, range = {}) {
      const handle = await open(pathOf(key)).catch(absentAsUndefined);
      return handle && createReadStream('', { fd: handle, ...range });
    },

    async write(key, content) {
      await place(key, content, rename);
    },

    async writeOnce(key, content) {
      try {
        await place(key, content, link);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
    },

    async *list(prefix) {
      // Start at the deepest folder that the prefix names, rather than walking the whole store.
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      for await (const entry of walk(join(root, folder))) {
        const key = relative(root, entry.key).split(sep).join('/');
        if (key.startsWith(prefix) && !key.startsWith(temporary)) yield { ...entry, key };
      }
    },

    async remove(key) {
      const path = pathOf(key);
      await rm(path, { force: true });
      // Empty folders go too, up to the root; a folder that is not empty ends the climb.
      for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
        const gone = await rmdir(folder).then(
          () => true,
          (error: unknown) => isAbsent(error),
        );
        if (!gone) break;
      }
    },
  };
}

async function writeDraft(path: string, content: Content): Promise<void> {
  if (content instanceof Uint8Array) return writeFile(path, content, { flush: true });
  await copyFile(content.file, path, constants.COPYFILE_FICLONE);
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder durable: each new folder is an entry in its parent, which must be synced as well. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (!first) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(absentAsUndefined);
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* walk(folder: string): AsyncGenerator<Entry> {
  const items: Dirent[] = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error) || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  });
  for (const item of items) {
    const path = join(folder, item.name);
    if (item.isDirectory()) {
      yield* walk(path);
      continue;
    }
    const found = await stat(path).catch(absentAsUndefined);
    if (found) yield { key: path, size: found.size, modified: found.mtime };
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
const isAbsent = (error: unknown) => codeOf(error) === 'ENOENT';
function absentAsUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
