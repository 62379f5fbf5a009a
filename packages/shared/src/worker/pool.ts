import { backgroundClock, type Clock } from '../clock.ts';
import { Unavailable } from '../errors.ts';
import { log } from '../log.ts';
import { metrics } from '../metrics/metrics.ts';
import { attempt, readOf } from './attempt.ts';
import { budget } from './budget.ts';
import { crew } from './crew.ts';
import { line } from './line.ts';
import { type ReadLoad, readLoad } from './load.ts';
import { blame, Lost } from './lost.ts';
import { startWorker, type Worker } from './process.ts';
import { NotStarted } from './spawn.ts';
import type { Bounds } from './watch.ts';

/** Processes that read photos, so that a file which hangs or crashes a decoder takes nothing else down with it. */
export interface WorkerPool<Task, Result> {
  /**
   * @param sender whose task it is: senders take turns, by the processor time that theirs have taken
   * @throws Rejected when the photo is at fault
   * @throws Unavailable when the machine is; any other error is a transient fault of the task
   */
  run(task: Task, sender?: string): Promise<Result>;
  /** Starts one worker before the first task comes. */
  warm(): void;
  /** False once workers repeatedly fail to start. Asking triggers another attempt. */
  healthy(): boolean;
  close(): void;
}

interface Options<Task, Result> {
  /** Bytes that all photos may take together. */
  memory?: number;
  start?: () => Worker<Task, Result>;
  clock?: Clock;
  load?: ReadLoad;
}

/** After this many failed starts in a row, only a new process, or a new machine, can help. */
const hopeless = 3;

/**
 * @param size how many work at once; further tasks wait in line
 * @param bounds what one task may use of the machine
 */
export function workerPool<Task, Result>(
  size: number,
  bounds: Bounds,
  { memory = Infinity, start = () => startWorker(), clock = backgroundClock, load = readLoad }: Options<Task, Result> = {},
): WorkerPool<Task, Result> {
  const workers = crew(start, clock);
  const waiting = line<() => void>();
  const surroundings = { bounds, memory: budget(memory), clock, load };
  let busy = 0;
  metrics.workers.set(size);
  metrics.workersBusy.set(0);
  metrics.photosWaiting.set(0);

  async function wait(sender: string): Promise<void> {
    metrics.photosWaiting.add(1);
    await new Promise<void>((resolve) => waiting.add(sender, resolve));
    metrics.photosWaiting.add(-1);
  }

  async function inTurn(task: Task, sender: string): Promise<Result> {
    if (busy === size) await wait(sender);
    else metrics.workersBusy.set((busy += 1));
    try {
      const worker = workers.take();
      const used = () => readOf(worker, load)?.seconds ?? 0;
      const before = used();
      try {
        return await attempt(worker, task, surroundings);
      } finally {
        workers.giveBack(worker);
        // Whoever lost a worker pays for the most that a task can take.
        waiting.spend(sender, worker.alive() ? Math.max(0, used() - before) : bounds.seconds);
      }
    } finally {
      const next = waiting.take();
      if (next) next();
      else metrics.workersBusy.set((busy -= 1));
    }
  }

  return {
    async run(task, sender = '') {
      const countLoss = blame(bounds);
      // A worker that is lost once may be chance, so there is a second attempt at once.
      for (;;) {
        try {
          return await inTurn(task, sender);
        } catch (error) {
          if (error instanceof NotStarted) throw new Unavailable('No image worker can be started', { cause: error });
          if (!(error instanceof Lost)) throw error;
          metrics.workersLost.inc({ reason: error.why });
          log('worker lost', { why: error.why, task: JSON.stringify(task), error: error.message });
          countLoss(error);
        }
      }
    },
    warm: () => workers.startAhead(),
    healthy() {
      if (workers.failedStarts() < hopeless) return true;
      workers.startAhead();
      return false;
    },
    close: () => workers.close(),
  };
}
