import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's code for a lock that another process holds. */
const busy = 5;

/** Holds a folder: an operating system lock, which ends with the process, however that ends. */
export interface FolderLock {
  release(): Promise<void>;
}

/** The folder belongs to another process. */
export class FolderTaken extends Error {
  override readonly name = 'FolderTaken';
  /** Its process id, if it has had time to write it. */
  readonly holder: number | undefined;

  constructor(holder: number | undefined) {
    super('The folder belongs to another process');
    this.holder = holder;
  }
}

/**
 * Locks a folder for this process. Node cannot lock files, but SQLite, which comes with it, can: by fcntl, on Linux and macOS alike.
 * A process id in a file would not do: ids are reused, and two processes that find a leftover at once would both take it.
 * @throws FolderTaken
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(folder, 'runtime.lock');
  const pidFile = join(folder, 'runtime.pid');
  // A lock holder writes nothing to the file, so any content is not ours. An empty file is left alone: closing a file drops the locks
  // that this same process may have on it.
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 0) await truncate(file);

  // SQLite takes the lock in steps: two processes doing so together would block each other if neither tried again.
  const database = new DatabaseSync(file, { timeout: 500 });
  try {
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== busy) throw error;
    throw new FolderTaken(Number(await readFile(pidFile, 'utf8').catch(() => '')) || undefined);
  }
  await writeFile(pidFile, String(process.pid));
  return {
    async release() {
      await rm(pidFile, { force: true });
      // The file stays: a removed one could still be locked by a process that has just opened it.
      database.close();
    },
  };
}
