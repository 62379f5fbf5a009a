import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore } from '@darkroom/shared/store/open';

/** A store in files, at a root that does not exist yet, below a new folder that the caller removes. */
export async function storeInFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'a store '));
  const root = join(folder, 'deep/root');
  return { folder, root, store: openStore(pathToFileURL(root).href) };
}

/** The names of all files below a folder. */
export async function filesIn(path: string): Promise<string[]> {
  const items = await readdir(path, { recursive: true, withFileTypes: true });
  return items.filter((item) => item.isFile()).map(({ name }) => name);
}
