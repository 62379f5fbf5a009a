import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { displayed, type Faults } from './document.ts';

export interface Build {
  folder: string;
  /** What follows `node` in the start script. */
  command: string[];
}

/**
 * How a built function starts, as its own package.json says: the script that the buildpack runs in the cluster.
 * A build that is missing is one fault: what refers to the function is still checked as if it were there.
 */
export async function readBuild(functionFolder: string, faults: Faults): Promise<Build> {
  const folder = join(functionFolder, 'dist');
  const path = join(folder, 'package.json');
  if (!existsSync(path)) {
    faults.push(`${displayed(folder)} is missing. Run npm run build, and start again.`);
    return { folder, command: [] };
  }
  const content = JSON.parse(await readFile(path, 'utf8')) as { scripts?: { start?: unknown } };
  const start = content.scripts?.start;
  const [program, ...command] = typeof start === 'string' ? start.trim().split(/\s+/) : [];
  if (program !== 'node' || command.length === 0 || command.some((word) => /["'`$&|;<>]/.test(word))) {
    faults.push(`${displayed(path)}: scripts.start must be of the form "node [flags] <file>", without a shell's syntax.`);
  }
  return { folder, command };
}
