import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { explain, Misconfigured } from '@darkroom/shared/errors';
import { displayed } from 'knative-local/manifest/document';

/**
 * Makes the data folder this runtime's own: two that share one would both send every mail.
 * @returns what gives it back
 * @throws Misconfigured where it cannot be written, or another runtime has it
 */
export async function openDataFolder(path: string): Promise<() => Promise<void>> {
  const lock = join(path, 'runtime.lock');
  try {
    await mkdir(path, { recursive: true });
    await takeLock(lock, path);
    // Left by one that was killed.
    await rm(join(path, 'runtime.json'), { force: true });
    await rm(join(path, 'tmp'), { recursive: true, force: true });
    await mkdir(join(path, 'tmp'));
  } catch (error) {
    if (error instanceof Misconfigured) throw error;
    throw new Misconfigured(`The data folder ${displayed(path)} cannot be written. Choose another with DATA_DIR.`, {
      cause: error,
    });
  }
  return () => rm(lock, { force: true });
}

async function takeLock(lock: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeFile(lock, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw error;
    }
    const holder = await holderOf(lock);
    if (holder !== undefined) {
      throw new Misconfigured(
        `The data folder ${displayed(path)} is in use by another Darkroom (process ${holder}). Stop it, or choose another folder with DATA_DIR.`,
      );
    }
    await rm(lock, { force: true });
  }
}

/** The process that holds a lock; undefined where the lock is a leftover. */
async function holderOf(lock: string): Promise<number | undefined> {
  const [text, found] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
  const pid = Number(text);
  // Numbers of processes are used again: after a restart of the machine, and at once in a container.
  const machineStart = Date.now() - uptime() * 1000;
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || found.mtimeMs < machineStart) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return explain(error).includes('EPERM') ? pid : undefined;
  }
}
