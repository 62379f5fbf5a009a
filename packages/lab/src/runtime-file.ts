import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabAddresses } from './banner.ts';

/**
 * Writes all addresses, and the Broker's token, to runtime.json in the data folder, for tests and tools. It exists while the runtime is
 * ready.
 * @returns a function that removes it
 */
export async function writeRuntimeFile(
  dataFolder: string,
  content: LabAddresses & { token: string },
): Promise<() => Promise<void>> {
  const path = join(dataFolder, 'runtime.json');
  // The token is for this user alone, and whoever waits for the file must never read half of it.
  await writeFile(`${path}.part`, `${JSON.stringify({ pid: process.pid, ...content }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.part`, path);
  return () => rm(path, { force: true });
}
