import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain, Misconfigured } from '@darkroom/shared/errors';

/** This process's folders. A killed process that restarts in its container has the same id and the same volume. */
export const spoolPrefix = `darkroom-upload-${process.pid}-`;

/** Enough to notice a full disk or a quota. */
const trial = Buffer.alloc(64 * 1024);

/**
 * Checks at the start whether photos can be received at all, and clears away what an earlier life of this process left behind.
 * @throws Misconfigured if the temporary folder cannot be written
 */
export async function prepareSpoolFolder(): Promise<void> {
  const parent = tmpdir();
  try {
    const left = (await readdir(parent)).filter((name) => name.startsWith(spoolPrefix));
    for (const name of left) await rm(join(parent, name), { recursive: true, force: true });
    const folder = await mkdtemp(join(parent, spoolPrefix));
    try {
      await writeFile(join(folder, 'trial'), trial);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw new Misconfigured(
      `Photos cannot be received: the temporary folder ${parent} cannot be written (${explain(error)}). ` +
        'Mount a writable volume there (an emptyDir on a cluster), or set TMPDIR to a folder with space, and start again.',
    );
  }
}
