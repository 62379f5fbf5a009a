import { Rejected, Unavailable } from '../errors.ts';
import { type Measurement, record } from '../metrics/registry.ts';
import type { Reply, Said, Told } from './protocol.ts';
import { NotStarted, spawnWorker } from './spawn.ts';

/** A process that does one task at a time. `structuredClone` must be able to copy tasks and results. */
export interface Worker<Task, Result> {
  readonly pid: number | undefined;
  /** Rejects with NotStarted if the process could not be started, or ended before its first task. */
  readonly ready: Promise<void>;
  /**
   * @param leave is called before the worker computes, with the bytes that it will need; the worker computes once this resolves
   * @throws Rejected if the photo is at fault, Unavailable if the store or the machine is
   * @throws Died if the process ended during the task; any other error is a transient fault
   */
  run(task: Task, leave: (bytes: number) => Promise<void>): Promise<Result>;
  /** Whether it is computing, and so depends on nothing outside itself. */
  computing(): boolean;
  alive(): boolean;
  kill(): void;
}

/** Signals of failing native code. Any other does not come from the photo: SIGKILL is the system running out of memory. */
const faults = ['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'];

/** A worker ended during its task. */
export class Died extends Error {
  override readonly name = 'Died';
  /** Whether the process itself failed; otherwise someone killed it. */
  readonly crashed: boolean;

  constructor(code: number | null, signal: string | null) {
    super(`An image worker ended with ${signal ?? `exit code ${code}`}`);
    this.crashed = signal === null || faults.includes(signal);
  }
}

/**
 * @param program what to run as a worker: by default, this same program
 * @throws NotStarted
 */
export function startWorker<Task, Result>(program = process.argv[1]!): Worker<Task, Result> {
  const child = spawnWorker(program);
  // Idle workers keep nothing alive; the open port does.
  child.unref();
  child.channel?.unref();
  let [computing, ended] = [false, false];
  let hear: (said: Exclude<Said<Result>, { measured: Measurement }>) => void = () => undefined;
  child.on('message', (message) => {
    const said = message as Said<Result>;
    if (typeof said === 'object' && 'measured' in said) record(said.measured);
    else hear(said);
  });
  const gone = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      ended = true;
      reject(new Died(code, signal));
    });
    child.on('error', (cause) => {
      ended = true;
      reject(new NotStarted('An image worker cannot be reached', { cause }));
    });
  });
  // Whoever gave it a task learns of its end; nobody needs to know about an idle one.
  gone.catch(() => undefined);
  const ready = new Promise<void>((resolve, reject) => {
    hear = (said) => said === 'ready' && resolve();
    gone.catch((cause: unknown) => reject(new NotStarted('An image worker could not start', { cause })));
  });
  ready.catch(() => undefined);
  // A send to a process that is gone fails; `gone` reports its end.
  const tell = (told: Told<Task>) => void child.send(told, () => undefined);

  function replyTo(task: Task, leave: (bytes: number) => Promise<void>): Promise<Reply<Result>> {
    return new Promise((resolve, reject) => {
      gone.catch(reject);
      hear = (said) => {
        if (said === 'ready') reject(new Error('An image worker spoke out of turn'));
        else if (said === 'computed') computing = false;
        else if ('wants' in said) leave(said.wants).then(begin, reject);
        else resolve(said);
      };
      tell({ task });
    });
  }

  function begin() {
    computing = true;
    tell('compute');
  }

  return {
    pid: child.pid,
    ready,
    async run(task, leave) {
      child.channel?.ref();
      try {
        await ready;
        const reply = await replyTo(task, leave);
        if ('done' in reply) return reply.done;
        if ('rejected' in reply) throw new Rejected(reply.rejected, { status: reply.status, reason: reply.reason });
        if ('unavailable' in reply) throw new Unavailable(reply.unavailable);
        throw new Error(reply.failed);
      } finally {
        computing = false;
        child.channel?.unref();
      }
    },
    computing: () => computing,
    // The channel may close a moment after the process ends.
    alive: () => !ended && child.connected && !child.killed,
    kill: () => void child.kill('SIGKILL'),
  };
}
