import { readdirSync, readFileSync } from 'node:fs';

/** The processes that a process has started, by /proc, without those whose command line holds `except`. */
export function childrenOf(parent: number, except: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent && !read(`/proc/${pid}/cmdline`).includes(except));
}

function parentOf(pid: number): number {
  const status = read(`/proc/${pid}/stat`);
  return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Nothing, where the process has gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
