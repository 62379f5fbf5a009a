import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain, Misconfigured } from './errors.ts';

/** Enough to meet a disk that is full, and a quota. */
const trial = Buffer.alloc(64 * 1024);

/** One that was killed and starts again in its container has the same process id, and the same volume. */
const prefixOf = (purpose: string) => `darkroom-${purpose}-${process.pid}-`;

/**
 * Sees at the start whether the temporary folder can be written, and clears away what an earlier life of this process left there.
 * @param purpose as in `makeTemporaryFolder`
 * @param consequence what cannot be done without, as the beginning of a sentence: "Photos cannot be taken in"
 * @throws Misconfigured when it cannot be written
 */
export function prepareTemporaryFolder(purpose: string, consequence: string): void {
  const parent = tmpdir();
  const prefix = prefixOf(purpose);
  try {
    const left = readdirSync(parent).filter((name) => name.startsWith(prefix));
    for (const name of left) rmSync(join(parent, name), { recursive: true, force: true });
    const folder = makeTemporaryFolder(purpose);
    try {
      writeFileSync(join(folder, 'trial'), trial);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw new Misconfigured(
      `${consequence}: the temporary folder ${parent} cannot be written (${explain(error)}). ` +
        'Mount a writable volume there (an emptyDir on a cluster), or set TMPDIR to a folder with space, and start again.',
    );
  }
}

/**
 * A new folder for one piece of work; whoever makes it removes it.
 * @param purpose what it is for, as part of its name: letters
 */
export function makeTemporaryFolder(purpose: string): string {
  return mkdtempSync(join(tmpdir(), prefixOf(purpose)));
}
