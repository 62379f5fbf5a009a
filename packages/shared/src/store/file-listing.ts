import { type Dirent, opendirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isKey } from './key.ts';
import { absentAsUndefined, fileAt } from './local-file.ts';
import type { Entry } from './store.ts';

/** Names between two breaths: a folder may have many thousands, and others wait meanwhile. */
const namesAtOnce = 100;

/** The entries in a folder and below. */
export async function* walk(root: string, folder: string, prefix: string): AsyncGenerator<Entry> {
  let count = 0;
  for (const item of itemsOf(root, folder)) {
    count += 1;
    if (count % namesAtOnce === 0) await setImmediate();
    const key = folder + item.name;
    // Skips drafts, and whatever else is here ("lost+found").
    if (!isKey(key) || !key.startsWith(prefix)) continue;
    if (item.isDirectory()) yield* walk(root, `${key}/`, prefix);
    const found = item.isFile() && fileAt(join(root, key));
    if (found) yield { key, size: found.size, modified: found.mtime };
  }
}

/**
 * Of a folder right below the root, only so many names are in memory: it has one for each job. All others are small, and read as a whole, which
 * costs less: Node keeps a folder that is read bit by bit until its garbage is collected.
 */
function* itemsOf(root: string, folder: string): Generator<Dirent> {
  const path = join(root, folder);
  if (folder.split('/').length !== 2) {
    yield* orAbsent(() => readdirSync(path, { withFileTypes: true })) ?? [];
    return;
  }
  const directory = orAbsent(() => opendirSync(path, { bufferSize: namesAtOnce }));
  if (!directory) return;
  try {
    for (let item = directory.readSync(); item; item = directory.readSync()) yield item;
  } finally {
    directory.closeSync();
  }
}

function orAbsent<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch (error) {
    return absentAsUndefined(error);
  }
}
