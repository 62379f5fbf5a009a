import { readFileSync } from 'node:fs';

/** What a process has used so far, and what it holds. */
export interface Load {
  /** Seconds of processor time, summed over its threads. */
  seconds: number;
  /** Resident memory. */
  bytes: number;
  /** Someone has stopped it (SIGSTOP, a debugger), so it can make no progress. */
  stopped: boolean;
}

/** Reads the load of a process; undefined if the system does not provide it, or the process is gone. */
export type ReadLoad = (pid: number) => Load | undefined;

/** Linux reports hundredths of a second, whatever it uses internally (man 5 proc, `utime`). */
const ticksPerSecond = 100;

/** Linux only. On other systems it returns nothing, and workers are held to wall time instead (watch.ts). */
export const readLoad: ReadLoad = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name may contain anything; what follows its last bracket starts at field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    // From status, where it is in kB: stat counts in pages, whose size differs between machines. A process that has ended has none.
    const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))!;
    return {
      seconds: (user + system) / ticksPerSecond,
      bytes: Number(resident[1]) * 1024,
      stopped: 'Tt'.includes(fields[0]!),
    };
  } catch {
    // It is gone, or this system has no /proc.
  }
};
