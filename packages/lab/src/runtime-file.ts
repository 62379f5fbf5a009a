import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Addresses } from './banner.ts';

/**
 * Writes where everything is to runtime.json in the data folder, for tests and tools: it is there while the runtime is ready.
 * @returns what removes it
 */
export async function announce(dataFolder: string, addresses: Addresses): Promise<() => Promise<void>> {
  const path = join(dataFolder, 'runtime.json');
  // Whoever waits for the file must never read half of it.
  await writeFile(`${path}.part`, `${JSON.stringify({ pid: process.pid, ...addresses }, null, 2)}\n`);
  await rename(`${path}.part`, path);
  return () => rm(path, { force: true });
}
