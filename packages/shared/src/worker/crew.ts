import { explain } from '../errors.ts';
import { log } from '../log.ts';
import type { Worker } from './process.ts';

/** The workers of a pool: those that are at work, and those that are kept for the next task. */
export interface Crew<Task, Result> {
  /** A worker that is kept, or a new one. @throws what `start` throws */
  take(): Worker<Task, Result>;
  /** For the next task, if it is alive by then. */
  giveBack(worker: Worker<Task, Result>): void;
  /** Starts one if there is none, before a task comes. */
  startAhead(): void;
  /** How many starts in a row have failed. */
  failedStarts(): number;
  close(): void;
}

export function crew<Task, Result>(start: () => Worker<Task, Result>): Crew<Task, Result> {
  const idle: Worker<Task, Result>[] = [];
  const all = new Set<Worker<Task, Result>>();
  let failedStarts = 0;

  function hire(): Worker<Task, Result> {
    const failed = (error: unknown) => {
      failedStarts += 1;
      log('worker not started', { error: explain(error) });
    };
    try {
      const worker = start();
      all.add(worker);
      worker.ready.then(
        () => (failedStarts = 0),
        (error: unknown) => {
          all.delete(worker);
          failed(error);
        },
      );
      return worker;
    } catch (error) {
      failed(error);
      throw error;
    }
  }

  return {
    take() {
      for (let worker = idle.pop(); worker; worker = idle.pop()) {
        if (worker.alive()) return worker;
        all.delete(worker);
      }
      return hire();
    },
    giveBack: (worker) => void idle.push(worker),
    startAhead() {
      if (all.size > 0) return;
      try {
        idle.push(hire());
      } catch {
        // It has been counted, and the next task will report it.
      }
    },
    failedStarts: () => failedStarts,
    close() {
      for (const worker of all) worker.kill();
    },
  };
}
