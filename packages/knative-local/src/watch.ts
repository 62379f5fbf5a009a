import { watch } from 'node:fs';

/** Long enough for an editor to write, rename and sync, or for a checkout of several files. */
const quietTime = 150;

/**
 * Calls back after anything in a folder has changed, once things are quiet. It watches the folder, not its files: many editors replace a
 * file, and a watch on the old one would hear nothing more.
 * @returns a function that stops watching
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
