import { existsSync, watch } from 'node:fs';
import { type Clock, systemClock } from './clock.ts';

/** Long enough for an editor to write, rename and sync, or for a checkout of several files. */
const quietTime = 150;

/**
 * Calls back after anything in a folder has changed, once things are quiet. It watches the folder, not its files: many editors replace a
 * file, and a watch on the old one would hear nothing more. A folder that is not there is not watched.
 * @param deep whether the folders in it count
 * @returns a function that stops watching
 */
export function watchFolder(folder: string, changed: () => void, clock: Clock = systemClock, deep = false): () => void {
  if (!existsSync(folder)) return () => undefined;
  let waiting = new AbortController();
  const watcher = watch(folder, { recursive: deep }, () => {
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
