import type { Load } from './load.ts';

/** What one task may use of the machine. */
export interface Bounds {
  /** Seconds of processor time. Waiting for the store or for a processor costs nothing. */
  seconds: number;
  /** Resident memory of the worker. */
  bytes: number;
  /** Seconds after which a worker that uses no processor time at all is killed, whatever the cause. */
  stuckSeconds: number;
}

/**
 * Why a worker has to go. `time`, `memory`: the task exceeded its bounds. `hung`: the worker could continue, but does nothing.
 * `stuck`: it does nothing, but may be waiting for something, or was stopped.
 */
export type Excess = 'time' | 'memory' | 'hung' | 'stuck';

/** Milliseconds between two looks. At worst, memory grows by 100 MB in between. */
export const lookInterval = 50;

/** A computing worker that uses no processor time for this many times its bound hangs: even one of a hundred sharing a processor gets some. */
const hangFactor = 3;
/** If the system does not report processor time, this many times as much wall time is allowed instead. */
const wallFactor = 10;

/**
 * Holds one task to its bounds, look by look.
 * A pause between two looks counts for at most two intervals: whatever stood still (the machine, this process, an adjusted clock), it
 * was not the task.
 * @returns a function to call at every look, with the time, the load, and whether the worker computes or waits for something outside
 */
export function watch({ seconds, bytes, stuckSeconds }: Bounds, start: number, first: Load | undefined) {
  const begun = first?.seconds ?? 0;
  let previous = { now: start, seconds: begun };
  /** Milliseconds. */
  let [wall, quiet, hanging] = [0, 0, 0];

  return (now: number, load: Load | undefined, computing: boolean): Excess | undefined => {
    const passed = Math.max(0, Math.min(now - previous.now, 2 * lookInterval));
    wall += passed;
    const used = load?.seconds ?? previous.seconds;
    const moved = used > previous.seconds;
    quiet = moved ? 0 : quiet + passed;
    hanging = moved || !computing || load?.stopped ? 0 : hanging + passed;
    previous = { now, seconds: used };
    if (load && load.bytes > bytes) return 'memory';
    if (load && used - begun > seconds) return 'time';
    if (!load) return computing && wall > 1000 * wallFactor * seconds ? 'time' : undefined;
    if (hanging > 1000 * hangFactor * seconds) return 'hung';
    return quiet > 1000 * stuckSeconds ? 'stuck' : undefined;
  };
}
