import { log } from '../log.ts';
import { Died, startWorker, type Worker } from './process.ts';

/** Processes that do what may hang or crash, so that it takes nothing else with it. */
export interface WorkerPool<Task, Result> {
  /**
   * @throws Rejected when the task itself is at fault
   * @throws TooSlow, or Died where two workers died over it; any other error is a passing fault
   */
  run(task: Task): Promise<Result>;
  /** Starts one worker ahead of the first task. */
  warm(): void;
  close(): void;
}

/**
 * @param size how many work at once; tasks beyond that wait in line
 * @param seconds how long one task may take, not counting the wait
 */
export function workerPool<Task, Result>(
  size: number,
  seconds: number,
  start: () => Worker<Task, Result> = () => startWorker(),
): WorkerPool<Task, Result> {
  const idle: Worker<Task, Result>[] = [];
  const all = new Set<Worker<Task, Result>>();
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function attempt(task: Task): Promise<Result> {
    if (busy === size) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy += 1;
    const worker = take();
    try {
      return await worker.run(task, seconds);
    } finally {
      if (worker.alive()) idle.push(worker);
      else all.delete(worker);
      const next = waiting.shift();
      if (next) next();
      else busy -= 1;
    }
  }

  function take(): Worker<Task, Result> {
    for (let worker = idle.pop(); worker; worker = idle.pop()) {
      if (worker.alive()) return worker;
      all.delete(worker);
    }
    const worker = start();
    all.add(worker);
    return worker;
  }

  return {
    async run(task) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(task);
        } catch (error) {
          if (!(error instanceof Died)) throw error;
          log('worker died', { task: JSON.stringify(task), error: error.message });
          // Once may be chance (the system was short of memory); twice is the task.
          if (tries === 2) throw error;
        }
      }
    },
    warm() {
      if (all.size === 0) idle.push(take());
    },
    close() {
      for (const worker of all) worker.kill();
    },
  };
}
