import { readFileSync } from 'node:fs';

/** What a process has used up so far, and what it holds. */
export interface Load {
  /** Seconds of processor time, over all of its threads. */
  seconds: number;
  /** Resident memory. */
  bytes: number;
  /** Someone has stopped it (SIGSTOP, a debugger): it can use no time however long one waits. */
  stopped: boolean;
}

/** Reads the load of a process; undefined where the system does not tell, or the process is gone. */
export type ReadLoad = (pid: number) => Load | undefined;

/** Linux counts in hundredths of a second for programs, whatever it uses inside (man 5 proc, `utime`). */
const ticksPerSecond = 100;

/** Linux only. Another system tells nothing here, and workers are then held to wall time (watch.ts). */
export const readLoad: ReadLoad = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program may hold anything; what follows its last bracket is numbered from field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0]!;
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    // In kB there, in pages elsewhere, and pages differ from machine to machine.
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return {
      seconds: (user + system) / ticksPerSecond,
      bytes: Number(resident?.[1] ?? 0) * 1024,
      stopped: state === 'T' || state === 't',
    };
  } catch {
    return undefined;
  }
};
