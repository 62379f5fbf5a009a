import { watch } from 'node:fs';
import { type Clock, systemClock } from './clock.ts';

/** Long enough for an editor to write, rename and sync, or for a checkout of several files. */
const quietTime = 150;

/**
 * Calls back after anything in a folder has changed, once things are quiet. It watches the folder, not its files: many editors replace a
 * file, and a watch on the old one would hear nothing more.
 * @returns a function that stops watching
 */
export function watchFolder(folder: string, changed: () => void, clock: Clock = systemClock): () => void {
  let waiting = new AbortController();
  const watcher = watch(folder, () => {
    waiting.abort();
    waiting = new AbortController();
    clock.sleep(quietTime, waiting.signal).then(changed, () => undefined);
  });
  watcher.on('error', () => undefined);
  return () => {
    waiting.abort();
    watcher.close();
  };
}
