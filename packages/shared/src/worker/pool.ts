import { type Clock, systemClock } from '../clock.ts';
import { explain, Rejected, Unavailable } from '../errors.ts';
import { log } from '../log.ts';
import { budget } from './budget.ts';
import { line } from './line.ts';
import { type ReadLoad, readLoad } from './load.ts';
import { Died, NotStarted, startWorker, type Worker } from './process.ts';
import { type Bounds, type Excess, lookInterval, watch } from './watch.ts';

/** Processes that read photos, so that a file which hangs or crashes a decoder takes nothing else down with it. */
export interface WorkerPool<Task, Result> {
  /**
   * @param sender whose task it is: senders take turns, by the processor time that theirs have taken
   * @throws Rejected when the photo is at fault
   * @throws Unavailable when the machine is; any other error is a passing fault of the task
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

/** A worker was lost over its task. */
class Lost extends Error {
  override readonly name = 'Lost';
  readonly why: 'crash' | 'killed' | Excess;

  constructor(why: Lost['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** What the person reads once a photo has done this twice. The other reasons are faults of the machine. */
const sentences: Partial<Record<Lost['why'], (bounds: Bounds) => string>> = {
  crash: () => 'The file is damaged and cannot be developed. Open it in a photo editor and save it again.',
  time: ({ seconds }) => `It took longer than ${seconds} seconds to develop and was stopped. Send a smaller version of it.`,
  hung: () => 'The file makes the program that reads it hang. Open it in a photo editor and save it again.',
  memory: () => 'It takes more memory to develop than one photo may use. Send a smaller version of it.',
};

/**
 * @param size how many work at once; further tasks wait in line
 * @param bounds what one task may use of the machine
 */
export function workerPool<Task, Result>(
  size: number,
  bounds: Bounds,
  { memory = Infinity, start = () => startWorker(), clock = systemClock, load = readLoad }: Options<Task, Result> = {},
): WorkerPool<Task, Result> {
  const idle: Worker<Task, Result>[] = [];
  const all = new Set<Worker<Task, Result>>();
  const waiting = line<() => void>();
  const shared = budget(memory);
  let busy = 0;
  let failedStarts = 0;

  function take(): Worker<Task, Result> {
    for (let worker = idle.pop(); worker; worker = idle.pop()) {
      if (worker.alive()) return worker;
      all.delete(worker);
    }
    const worker = countFailure(start);
    all.add(worker);
    worker.ready.then(
      () => (failedStarts = 0),
      (error: unknown) => {
        failedStarts += 1;
        log('worker not started', { error: explain(error) });
      },
    );
    return worker;
  }

  function countFailure(act: () => Worker<Task, Result>): Worker<Task, Result> {
    try {
      return act();
    } catch (error) {
      failedStarts += 1;
      log('worker not started', { error: explain(error) });
      throw error;
    }
  }

  async function inTurn(task: Task, sender: string): Promise<Result> {
    if (busy === size) await new Promise<void>((resolve) => waiting.add(sender, resolve));
    else busy += 1;
    let worker: Worker<Task, Result> | undefined;
    let before = 0;
    try {
      worker = take();
      before = read(worker)?.seconds ?? 0;
      return await attempt(worker, task);
    } finally {
      if (worker?.alive()) idle.push(worker);
      else if (worker) all.delete(worker);
      // Whoever lost a worker pays for the most that a task can take.
      if (worker) waiting.spend(sender, worker.alive() ? Math.max(0, (read(worker)?.seconds ?? 0) - before) : bounds.seconds);
      const next = waiting.take();
      if (next) next();
      else busy -= 1;
    }
  }

  /** Runs one task under watch. Time that it waits within the pool does not count. */
  async function attempt(worker: Worker<Task, Result>, task: Task): Promise<Result> {
    const over = new AbortController();
    const begin = () => watch(bounds, clock.now(), read(worker));
    let look: ReturnType<typeof watch> | undefined = begin();
    worker.ready.then(
      () => (look = begin()),
      () => undefined,
    );
    const leave = async (bytes: number) => {
      look = undefined;
      await shared.reserve(bytes, over.signal);
      look = begin();
    };
    let excess: Excess | undefined;
    const watching = async () => {
      while (!over.signal.aborted && !excess) {
        await clock.sleep(lookInterval, over.signal);
        excess = look?.(clock.now(), read(worker), worker.computing());
      }
      if (excess) worker.kill();
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

  const read = (worker: Worker<Task, Result>) => (worker.pid === undefined ? undefined : load(worker.pid));

  return {
    async run(task, sender = '') {
      // Once may be chance, so neither the photo nor the machine is blamed yet: there is a second attempt at once.
      const seen = { photo: 0, machine: 0 };
      for (;;) {
        try {
          return await inTurn(task, sender);
        } catch (error) {
          if (error instanceof NotStarted) throw new Unavailable('No image worker can be started', { cause: error });
          if (!(error instanceof Lost)) throw error;
          log('worker lost', { why: error.why, task: JSON.stringify(task), error: error.message });
          const sentence = sentences[error.why];
          seen[sentence ? 'photo' : 'machine'] += 1;
          if (sentence && seen.photo === 2) throw new Rejected(sentence(bounds), { cause: error });
          if (seen.machine === 2)
            throw new Unavailable('Image workers keep dying, and not because of the photo', { cause: error });
        }
      }
    },
    warm() {
      if (all.size === 0) startAhead();
    },
    healthy() {
      if (failedStarts < hopeless) return true;
      if (busy === 0 && all.size === 0) startAhead();
      return false;
    },
    close() {
      for (const worker of all) worker.kill();
    },
  };

  function startAhead() {
    try {
      const worker = take();
      idle.push(worker);
      worker.ready.catch(() => all.delete(worker));
    } catch {
      // It has been counted, and the next task will report it.
    }
  }
}
