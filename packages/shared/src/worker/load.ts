import { readFileSync } from 'node:fs';

/** What a process has used so far, and what it holds. */
export interface Load {
  /** Seconds of processor time, summed over its threads. */
  seconds: number;
  /** Resident memory, read when it is asked for: that takes longer than the rest. 0 once the process is gone. */
  bytes: number;
  /** Someone has stopped it (SIGSTOP, a debugger), so it can make no progress. */
  stopped: boolean;
}

/** Reads the load of a process; undefined if the system does not provide it, or the process is gone. */
export type ReadLoad = (pid: number) => Load | undefined;

/** Linux reports hundredths of a second, whatever it uses internally (man 5 proc, `utime`). */
const ticksPerSecond = 100;

/** From status, where it is in kB: stat counts in pages, whose size differs between machines. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Linux only. On other systems it returns nothing, and workers are held to wall time instead (watch.ts). */
export const readLoad: ReadLoad = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name may contain anything; what follows its last bracket starts at field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    const state = fields[0]!;
    // It has ended, and only its parent still knows of it.
    if ('ZX'.includes(state)) return undefined;
    return {
      seconds: (user + system) / ticksPerSecond,
      get bytes() {
        return residentBytes(pid);
      },
      stopped: 'Tt'.includes(state),
    };
  } catch {
    // It is gone, or this system has no /proc.
  }
};
