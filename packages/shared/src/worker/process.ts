import { type ChildProcess, fork } from 'node:child_process';
import { Rejected } from '../errors.ts';

/** What a worker has to say: once that it is ready, then one answer per task. */
export type Answer<Result> = 'ready' | { done: Result } | { rejected: string; status: number } | { failed: string };

/** A process that does one task at a time. Tasks and results are what `structuredClone` can copy. */
export interface Worker<Task, Result> {
  /**
   * @param seconds after which it is killed
   * @throws Rejected when the task itself is at fault
   * @throws TooSlow when it was killed; Died when it ended over the task; any other error is a passing fault
   */
  run(task: Task, seconds: number): Promise<Result>;
  alive(): boolean;
  kill(): void;
}

/** A worker ended over its task: native code crashed, or memory ran out. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** A worker was killed, since its task took too long. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
  readonly seconds: number;

  constructor(seconds: number) {
    super(`A worker took longer than ${seconds} seconds`);
    this.seconds = seconds;
  }
}

const argument = 'worker';

/** Whether this process was started as a worker. */
export const isWorker = process.argv[2] === argument && process.send !== undefined;
/** The process id of whoever started this worker. */
export const employer = Number(process.argv[3]);

/** How long a worker may take until it is ready: seconds, where a processor is shared by many. */
const startSeconds = 60;

/** @param program what to run as a worker: this very program, once more */
export function startWorker<Task, Result>(program = process.argv[1]!): Worker<Task, Result> {
  const child = fork(program, [argument, String(process.pid)], {
    execArgv: [],
    // glibc would give each thread an arena of its own, and keep what they once held: a large buffer passes through several.
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  // Idle workers keep nothing alive: the process lives by its port.
  child.unref();
  child.channel?.unref();
  const started = answerOf<Result>(child, startSeconds, () => new Error(`A worker was not ready within ${startSeconds} seconds`));
  // A worker that nobody has asked yet may fail unheard: whoever asks next will hear.
  started.catch(() => undefined);

  async function answerTo(task: Task, seconds: number): Promise<Answer<Result>> {
    await started.catch((cause: unknown) => {
      throw new Error('A worker could not start', { cause });
    });
    const answer = answerOf<Result>(child, seconds, () => new TooSlow(seconds));
    child.send({ task });
    return answer;
  }

  return {
    async run(task, seconds) {
      child.channel?.ref();
      try {
        const answer = await answerTo(task, seconds);
        if (answer === 'ready') throw new Error('A worker spoke out of turn');
        if ('done' in answer) return answer.done;
        if ('rejected' in answer) throw new Rejected(answer.rejected, { status: answer.status });
        throw new Error(answer.failed);
      } finally {
        child.channel?.unref();
      }
    },
    alive: () => child.connected && !child.killed,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** The next thing that the worker says. It is killed when that takes too long. */
function answerOf<Result>(child: ChildProcess, seconds: number, late: () => Error): Promise<Answer<Result>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle(() => reject(late()));
    }, seconds * 1000);
    const onMessage = (message: unknown) => settle(() => resolve(message as Answer<Result>));
    const onExit = (code: number | null, signal: string | null) =>
      settle(() => reject(new Died(`A worker ended with ${signal ?? `exit code ${code}`}`)));
    // It could not be started, or is gone before the exit was noticed.
    const onError = (cause: Error) => settle(() => reject(new Died('A worker cannot be reached', { cause })));
    child.once('message', onMessage).once('exit', onExit).once('error', onError);

    function settle(conclude: () => void) {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      conclude();
    }
  });
}
