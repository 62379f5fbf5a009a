import { Worker as Thread } from 'node:worker_threads';
import { explain, Rejected } from '../errors.ts';
import { stackOf } from '../stack.ts';
import { type Answer, employer } from './process.ts';

/** The life of a worker: one task after the other, as its employer asks, until that is gone. */
export function work<Task, Result>(perform: (task: Task) => Promise<Result>): void {
  holdOn();
  // An employer that is gone hears nothing, and this process ends as well.
  const say = (answer: Answer<Result>) => process.send?.(answer, undefined, undefined, () => undefined);

  async function answerTo(task: Task): Promise<Answer<Result>> {
    try {
      return { done: await perform(task) };
    } catch (error) {
      const fault = error instanceof Rejected ? error.cause : error;
      // It may be a mistake in the filter: the stack names its line.
      if (fault instanceof Error && !(fault instanceof Rejected)) console.error(`${fault.name} in a worker\n${stackOf(fault)}`);
      return error instanceof Rejected ? { rejected: error.message, status: error.status } : { failed: explain(error) };
    }
  }

  process.on('message', ({ task }: { task: Task }) => void answerTo(task).then(say));
  say('ready');
}

/** A worker ends with its employer, at once and only then: what it is at, the employer may still be waiting for. */
function holdOn(): void {
  process.on('SIGTERM', () => undefined);
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // A filter in an endless loop would never hear of the disconnect: a thread looks as well.
  const watch = `setInterval(() => { if (process.ppid !== ${employer}) process.kill(process.pid, 'SIGKILL'); }, 1000)`;
  new Thread(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } }).unref();
}
