import { watch } from 'node:fs';

/** Long enough for an editor that writes, renames and syncs, or a checkout of several files. */
const quietTime = 150;

/**
 * Calls back, once things are quiet, after anything in a folder changed. It watches the folder and not its files: many
 * editors replace a file, and a watch on the old one would hear nothing more.
 * @returns what ends it
 */
export function watchFolder(folder: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, () => {
    clearTimeout(timer);
    timer = setTimeout(changed, quietTime);
  });
  watcher.on('error', () => undefined);
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
