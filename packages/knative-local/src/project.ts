import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { type Faults, foldersOf } from './manifest/document.ts';
import { readFunctions } from './manifest/functions.ts';
import { watchFolder } from './watch.ts';

/** The folders in which an operator changes something. */
export interface Project {
  config: readonly string[];
  functions: string;
  sources?: Sources;
}

/** What functions are built from. */
export interface Sources {
  folders(): Promise<string[]>;
  /** @throws with file and line if something does not build; what ran before goes on */
  build(): Promise<void>;
}

/**
 * Watches manifests, functions with their builds, and sources. Each change may bring new folders, or put others in the place of old ones.
 * @returns a function that stops watching
 */
export async function watchProject(
  { config, functions, sources }: Project,
  changed: () => void,
  clock: Clock,
): Promise<() => void> {
  let stopped = false;
  let watching: (() => void)[] = [];
  let last: Promise<void> = Promise.resolve();

  async function watchAgain(): Promise<void> {
    const faults: Faults = [];
    const manifests = (await Promise.all(config.map((folder) => foldersOf(folder, faults)))).flat();
    const builds = (await readFunctions(functions, '', faults)).map(({ folder }) => folder);
    const within = (await readdir(functions)).map((name) => join(functions, name));
    const deep = (await sources?.folders()) ?? [];
    if (stopped) return;
    const before = watching;
    const shallow = new Set([...manifests, functions, ...within, ...builds]);
    watching = [
      ...[...shallow].map((folder) => watchFolder(folder, again, clock)),
      ...deep.map((folder) => watchFolder(folder, again, clock, true)),
    ];
    for (const stop of before) stop();
  }

  function again(): void {
    // One look after the other: an earlier one that takes longer does not know what the later one has found.
    last = last.then(watchAgain).catch(() => undefined);
    // First the watch, so that what happens while the manifests are read is seen.
    void last.then(() => {
      if (!stopped) changed();
    });
  }

  await watchAgain();
  return () => {
    stopped = true;
    for (const stop of watching) stop();
  };
}
