import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Addresses } from './banner.ts';

/**
 * Writes where everything is, and the token for its Broker, to runtime.json in the data folder, for tests and tools: it is there while the runtime is ready.
 * @returns what removes it
 */
export async function writeRuntimeFile(dataFolder: string, content: Addresses & { token: string }): Promise<() => Promise<void>> {
  const path = join(dataFolder, 'runtime.json');
  // The token is for this user alone. And whoever waits for the file must never read half of it.
  await writeFile(`${path}.part`, `${JSON.stringify({ pid: process.pid, ...content }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.part`, path);
  return () => rm(path, { force: true });
}
