import { flushCompileCache } from 'node:module';
import { constants, getPriority, setPriority } from 'node:os';
import { Worker as Thread } from 'node:worker_threads';
import { explain, Rejected, Unavailable } from '../errors.ts';
import { relayTo } from '../metrics/registry.ts';
import { stackOf } from '../stack.ts';
import { employer } from './spawn.ts';
import type { Reply, Said, Told } from './protocol.ts';

/**
 * Wraps the part of a task that computes and depends on nothing outside: only there can the photo be blamed for a hang.
 * Waits until that many bytes of memory are free.
 */
export type Compute = <Part>(bytes: number, part: () => Promise<Part>) => Promise<Part>;

/** Below everything that answers requests and probes: work that takes seconds can wait for work that takes a millisecond. */
const niceness = 10;

/**
 * The life of a worker: one task after another, as its employer asks, until the employer is gone.
 * @param mayHang whether it calls what may be an endless loop: somebody else's filter, or a decoder that is not on a thread of its own
 */
export function work<Task, Result>(perform: (task: Task, compute: Compute) => Promise<Result>, mayHang = false): void {
  // From where it was started: only root may go up.
  setPriority(Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
  endWithEmployer();
  // If the employer is gone, nobody listens, and this process ends as well.
  const say = (said: Said<Result>) => process.send?.(said, undefined, undefined, () => undefined);
  relayTo((measured) => say({ measured }));
  let begin: () => void = () => undefined;

  const compute: Compute = async (bytes, part) => {
    const leave = new Promise<void>((resolve) => (begin = resolve));
    say({ wants: bytes });
    await leave;
    try {
      return await part();
    } finally {
      say('computed');
    }
  };

  async function replyTo(task: Task): Promise<Reply<Result>> {
    try {
      return { done: await perform(task, compute) };
    } catch (error) {
      const fault = error instanceof Rejected ? error.cause : error;
      // It may be a bug in the filter: the stack names its line.
      if (fault instanceof Error && !(fault instanceof Rejected) && !(fault instanceof Unavailable))
        console.error(`${fault.name} in a worker\n${stackOf(fault)}`);
      if (error instanceof Rejected) return { rejected: error.message, status: error.status, reason: error.reason };
      return error instanceof Unavailable ? { unavailable: explain(error) } : { failed: explain(error) };
    }
  }

  process.on('message', (told: Told<Task>) => {
    if (told === 'compute') begin();
    else void replyTo(told.task).then(say);
  });
  say('ready');
  if (mayHang) watchEmployer();
  // Node would keep what it has compiled when a process ends by itself, which a worker never does.
  flushCompileCache();
}

/** A worker ends together with its employer and not before: the employer may still be waiting for its result. */
function endWithEmployer(): void {
  process.on('SIGTERM', () => undefined);
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

/** Whoever is in an endless loop never sees the disconnect, so a thread checks as well. It takes 15 ms of a processor and 9 MB. */
function watchEmployer(): void {
  const look = `setInterval(() => { if (process.ppid !== ${employer}) process.kill(process.pid, 'SIGKILL'); }, 1000)`;
  new Thread(look, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } }).unref();
}
