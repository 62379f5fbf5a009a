import { availableParallelism, totalmem } from 'node:os';
import { Rejected } from '../errors.ts';
import { type WorkerPool, workerPool } from '../worker/pool.ts';
import { Died, startWorker, TooSlow, type Worker } from '../worker/process.ts';

/**
 * Processes that read photos, so that a file which hangs or crashes a decoder takes nothing else with it.
 * @param size how many work at once
 * @param seconds how long one photo may take
 * @returns a pool that rejects a photo which is too slow, or over which two workers died
 */
export function photoWorkers<Task, Result>(
  size: number,
  seconds: number,
  start: () => Worker<Task, Result> = () => startWorker(),
): WorkerPool<Task, Result> {
  const pool = workerPool(size, seconds, start);
  return { ...pool, run: (task) => pool.run(task).catch(blame) };
}

function blame(cause: unknown): never {
  if (cause instanceof TooSlow)
    throw new Rejected(`It took longer than ${cause.seconds} seconds to develop, and was stopped.`, { cause });
  if (cause instanceof Died) throw new Rejected('The file is damaged in a way that makes it impossible to develop.', { cause });
  throw cause;
}

/** What a worker takes at the limit of pixels: 200 MB of RGBA, what libvips holds besides, and the program. */
const bytesPerWorker = 400 * 1024 * 1024;

/**
 * As many workers as processors, as far as memory goes, and never more than the four photos that a filter is sent at once
 * (func.yaml). Containers are asked for their share: both figures know cgroups.
 */
export function defaultWorkers(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(memory / bytesPerWorker), 4));
}
