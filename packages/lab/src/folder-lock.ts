import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's code for a lock that another process holds. */
const busy = 5;

/** What holds a folder: a lock of the operating system, which ends with the process however that ends. */
export interface FolderLock {
  release(): Promise<void>;
}

/** The folder belongs to another process. */
export class FolderTaken extends Error {
  override readonly name = 'FolderTaken';
  /** Its process id, where it has had the time to write it. */
  readonly holder: number | undefined;

  constructor(holder: number | undefined) {
    super('The folder belongs to another process');
    this.holder = holder;
  }
}

/**
 * Locks a folder for this process. Node cannot lock files, but SQLite, which it brings along, does: by fcntl, on Linux as on macOS.
 * A process id in a file would not do: ids are used again, and two that find a leftover at once would both take it.
 * @throws FolderTaken
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(folder, 'runtime.lock');
  const pidFile = join(folder, 'runtime.pid');
  // Whoever holds the lock writes nothing, so what is in the file is not its own. An empty one is left alone: to close a file drops
  // the locks that this very process may have on it.
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 0) await truncate(file);

  // It takes the lock in steps: two that are at it together would stop each other, were neither to try again.
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
      // The file stays: one that is removed could still be locked by a process that has just opened it.
      database.close();
    },
  };
}
