import type { Load } from './load.ts';

/** What one task may use of the machine. */
export interface Bounds {
  /** Seconds of processor time. Waiting, for the store or for a processor, costs nothing. */
  seconds: number;
  /** Resident memory of the worker. */
  bytes: number;
  /** Seconds after which a worker that uses no processor time at all is given up, whatever the cause. */
  stuckSeconds: number;
}

/**
 * Why a worker has to go. `time`, `memory`: the task went beyond its bounds. `hung`: the worker is free to go on, and does nothing.
 * `stuck`: it does nothing, but may be waiting for someone else, or was stopped.
 */
export type Excess = 'time' | 'memory' | 'hung' | 'stuck';

/** Milliseconds between two looks. Memory grows by 100 MB between two of them at the very worst. */
export const lookInterval = 50;

/** A worker that computes and uses no time for this many times its bound hangs: even one in a hundred on a processor gets some. */
const hangFactor = 3;
/** Where the system tells no processor time, wall time stands in, this many times as long. */
const wallFactor = 10;

/**
 * Holds one task to its bounds, look by look.
 * A pause between two looks counts for no more than two intervals: whatever stood still then (the machine, this process, a clock that
 * was set) was not the task.
 * @returns what to call at every look: with the time, the load, and whether the worker computes or waits for something outside
 */
export function watch({ seconds, bytes, stuckSeconds }: Bounds, start: number, first: Load | undefined) {
  const begun = first?.seconds ?? 0;
  let previous = { now: start, seconds: begun };
  let [wall, quiet, hanging] = [0, 0, 0];

  return (now: number, load: Load | undefined, computing: boolean): Excess | undefined => {
    const passed = Math.max(0, Math.min(now - previous.now, 2 * lookInterval)) / 1000;
    wall += passed;
    const used = load?.seconds ?? previous.seconds;
    const moved = used > previous.seconds;
    quiet = moved ? 0 : quiet + passed;
    hanging = moved || !computing || load?.stopped ? 0 : hanging + passed;
    previous = { now, seconds: used };
    if (load && load.bytes > bytes) return 'memory';
    if (load && used - begun > seconds) return 'time';
    if (!load) return computing && wall > wallFactor * seconds ? 'time' : undefined;
    if (hanging > hangFactor * seconds) return 'hung';
    return quiet > stuckSeconds ? 'stuck' : undefined;
  };
}
