import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Misconfigured } from '@darkroom/shared/errors';
import { displayed } from 'knative-local/manifest/document';
import { FolderTaken, lockFolder } from './folder-lock.ts';

/**
 * Claims the data folder for this runtime: two that share one would both send every mail.
 * @returns a function that releases it
 * @throws Misconfigured if it cannot be written, or another runtime has it
 */
export async function openDataFolder(path: string): Promise<() => Promise<void>> {
  try {
    await mkdir(path, { recursive: true });
    const lock = await lockFolder(path);
    // Left by one that was killed.
    await rm(join(path, 'runtime.json'), { force: true });
    await rm(join(path, 'tmp'), { recursive: true, force: true });
    await mkdir(join(path, 'tmp'));
    return () => lock.release();
  } catch (error) {
    if (error instanceof FolderTaken) {
      const holder = error.holder === undefined ? '' : ` (process ${error.holder})`;
      throw new Misconfigured(
        `The data folder ${displayed(path)} is in use by another Darkroom${holder}. Stop it, or choose another folder with DATA_DIR.`,
      );
    }
    throw new Misconfigured(`The data folder ${displayed(path)} cannot be written. Choose another with DATA_DIR.`, {
      cause: error,
    });
  }
}
