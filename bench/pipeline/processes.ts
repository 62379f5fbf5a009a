import { readdirSync, readFileSync } from 'node:fs';

/** One process of the lab, as /proc shows it. */
export interface Process {
  /** "runtime" (broker and router), "inbox", or the function. */
  name: string;
  /** User and system time, with that of children that have ended and were waited for. */
  cpuSeconds: number;
  /** Resident memory now, and the most that it ever was, in MiB. */
  resident: number;
  peak: number;
}

/** proc(5) counts in USER_HZ, which is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** A process and all its descendants. */
export function processTree(root: number): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const tree = new Set([root]);
  // Once ids wrap around, a child can have a lower one than its parent, so repeat until nothing new is found.
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  return all
    .filter(({ pid }) => tree.has(pid))
    .map(({ pid, cpuSeconds }) => ({ name: nameOf(pid, root), cpuSeconds, ...memoryOf(pid) }));
}

/** The memory of a process by its number or "self". */
export function memoryOf(pid: number | 'self'): { resident: number; peak: number } {
  const status = read(pid, 'status') ?? '';
  const mebibytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { resident: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
}

/** Processor time of all threads of a process so far, in milliseconds; unlike `cpuSeconds`, not in steps of ten. */
export function processorTimeOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => Number(read(pid, `task/${thread}/schedstat`)?.split(' ')[0] ?? 0));
  return nanoseconds.reduce((sum, part) => sum + part, 0) / 1e6;
}

function statOf(pid: number) {
  const text = read(pid, 'stat');
  if (!text) return undefined;
  // The second field is a name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
}

function nameOf(pid: number, root: number): string {
  if (pid === root) return 'runtime';
  if (read(pid, 'cmdline')?.includes('inbox-program')) return 'inbox';
  const environment = new Map(
    (read(pid, 'environ') ?? '').split('\0').map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  );
  const service = environment.get('K_SERVICE') ?? 'other';
  const revision = environment.get('K_REVISION') ?? service;
  return revision === `${service}-00001` ? service : revision;
}

/** Undefined if the process is gone. */
function read(pid: number | 'self', file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
