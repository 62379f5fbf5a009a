import { type ChildProcess, fork } from 'node:child_process';

/** The system has no room for another process, or the program cannot run. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

const argument = 'image-worker';

/**
 * Environment of a worker: how glibc hands out memory. By default each thread has an arena of its own that keeps what it once held, and
 * from the first large block that is freed on, so are all blocks of up to 32 MiB: at times, a print takes a whole picture more than it needs.
 * Files of photos and prints, of some hundred KiB, go back to the system as well: kept, they leave gaps that nothing else fits into.
 */
export const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(256 * 1024) };

/** What a worker computes lies outside V8's heap, in which 48 MB of garbage would gather before it looks what is still in use. */
const smallHeap = ['--max-semi-space-size=1'];

/** Whether this process was started as a worker. */
export const isWorker = process.argv[2] === argument && process.send !== undefined;
/** The process id of the process that started this worker. */
export const employer = Number(process.argv[3]);

/** A worker that was started before there was a pool for it. */
let ahead: { program: string; child: ChildProcess } | undefined;

/** The next worker for this program is the one that starts now. If it cannot be started, that one can. */
export function spawnAhead(program = process.argv[1]!): void {
  try {
    const child = begin(program);
    child.once('error', () => (ahead = undefined)).once('exit', () => (ahead = undefined));
    // A program with a fault in its settings says so itself, and ends.
    process.once('exit', () => child.kill('SIGKILL'));
    ahead = { program, child };
  } catch {
    // The pool will report it.
  }
}

/** @throws NotStarted */
export function spawnWorker(program: string): ChildProcess {
  if (ahead?.program === program) {
    const { child } = ahead;
    ahead = undefined;
    return child;
  }
  try {
    return begin(program);
  } catch (cause) {
    // Some system errors are thrown (ENOMEM), others arrive as an event (EAGAIN).
    throw new NotStarted('An image worker could not be started', { cause });
  }
}

function begin(program: string): ChildProcess {
  return fork(program, [argument, String(process.pid)], {
    execArgv: smallHeap,
    env: { ...process.env, ...allocator },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
}
