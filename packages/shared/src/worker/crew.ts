import type { Clock } from '../clock.ts';
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

/**
 * Milliseconds between two looks: a worker that has had no task from one to the next ends. It holds as much memory as a whole program, and
 * another starts in a quarter of a second.
 */
export const idleLook = 60_000;

/** @param clock one that keeps no process from ending */
export function crew<Task, Result>(start: () => Worker<Task, Result>, clock: Clock): Crew<Task, Result> {
  /** The last to come is the first to go: those at the beginning have waited longest. */
  const idle: { worker: Worker<Task, Result>; seen: boolean }[] = [];
  const all = new Set<Worker<Task, Result>>();
  let failedStarts = 0;
  let looking = false;

  function keep(worker: Worker<Task, Result>): void {
    idle.push({ worker, seen: false });
    if (!looking) void dismissIdle();
  }

  async function dismissIdle(): Promise<void> {
    looking = true;
    while (idle.length > 0) {
      for (const each of idle) each.seen = true;
      await clock.sleep(idleLook);
      while (idle[0]?.seen) {
        const { worker } = idle.shift()!;
        all.delete(worker);
        worker.kill();
      }
    }
    looking = false;
  }

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
      for (let last = idle.pop(); last; last = idle.pop()) {
        if (last.worker.alive()) return last.worker;
        all.delete(last.worker);
      }
      return hire();
    },
    giveBack: keep,
    startAhead() {
      if (all.size > 0) return;
      try {
        keep(hire());
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
