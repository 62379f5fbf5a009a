import { globSync, readFileSync } from 'node:fs';

/** Processes whose parent (the fourth field of stat) is `pid`. */
export function childrenOf(pid: number): number[] {
  return globSync('/proc/[0-9]*/stat')
    .filter((file) => fields(file)[1] === String(pid))
    .map((file) => Number(file.split('/')[2]));
}

/** Hundredths of a second. */
export const processorTime = (pid: number) => Number(fields(`/proc/${pid}/stat`)[11]);

/** What follows the name of the program. */
function fields(file: string): string[] {
  try {
    const text = readFileSync(file, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has ended in the meantime.
    return [];
  }
}
