import type { Clock } from '../clock.ts';
import type { Budget } from './budget.ts';
import type { ReadLoad } from './load.ts';
import { Lost } from './lost.ts';
import { Died, type Worker } from './process.ts';
import { type Bounds, type Excess, lookInterval, watch } from './watch.ts';

interface Surroundings {
  bounds: Bounds;
  /** What all photos share. */
  memory: Budget;
  clock: Clock;
  load: ReadLoad;
}

/**
 * Runs one task under watch. Time that it waits for memory does not count.
 * @throws Lost if the worker was lost over it, or what the task itself has thrown
 */
export async function attempt<Task, Result>(
  worker: Worker<Task, Result>,
  task: Task,
  { bounds, memory, clock, load }: Surroundings,
): Promise<Result> {
  const over = new AbortController();
  const read = () => readOf(worker, load);
  const begin = () => watch(bounds, clock.now(), read());
  let look: ReturnType<typeof watch> | undefined = begin();
  worker.ready.then(
    () => (look = begin()),
    () => undefined,
  );
  const leave = async (bytes: number) => {
    look = undefined;
    await memory.reserve(bytes, over.signal);
    look = begin();
  };
  let excess: Excess | undefined;
  const watching = async () => {
    while (!excess) {
      await clock.sleep(lookInterval, over.signal);
      excess = look?.(clock.now(), read(), worker.computing());
    }
    worker.kill();
  };
  watching().catch(() => undefined);
  try {
    return await worker.run(task, leave);
  } catch (error) {
    if (excess) throw new Lost(excess, `An image worker was killed: ${excess}`);
    if (error instanceof Died) throw new Lost(error.crashed ? 'crash' : 'killed', error.message);
    throw error;
  } finally {
    over.abort();
  }
}

/** The load of a worker, or undefined if it is not known. */
export const readOf = ({ pid }: Worker<never, unknown>, load: ReadLoad) => (pid === undefined ? undefined : load(pid));
