import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../clock.ts';

const preload = pathToFileURL(`${import.meta.dirname}/preload.ts`).href;

export interface Program {
  /** What follows `node`. */
  command: string[];
  folder: string;
  environment: Record<string, string>;
}

export interface Child {
  /** Undefined if it could not be started. */
  readonly pid?: number | undefined;
  /** Resolves as soon as the process is gone. */
  gone: Promise<void>;
  /** How it ended, in words, once its last lines have been read. Never rejects. */
  ended: Promise<string>;
  /** Its last lines, in case it ends prematurely. */
  lastLines(): string[];
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

const linesKept = 10;
const living = new Set<ChildProcess>();
// However this process ends, it takes its children along; the leash covers ends that run no code.
process.on('exit', killAll);

export function killAll(): void {
  for (const child of living) child.kill('SIGKILL');
}

/** Starts a Node program that prints line by line through `print`, and cannot outlive this process. */
export function startChild(program: Program, print: (line: string) => void): Child {
  let child: ChildProcess;
  try {
    child = spawned(program);
  } catch (error) {
    return stillborn(error as NodeJS.ErrnoException);
  }
  living.add(child);
  const kept: string[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      kept.push(line);
      if (kept.length > linesKept) kept.shift();
      print(line);
    });
  }
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      living.delete(child);
      resolve();
    });
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });

  return {
    pid: child.pid,
    gone,
    ended,
    lastLines: () => [...kept],
    kill: (signal) => void child.kill(signal),
  };
}

function spawned({ command, folder, environment }: Program): ChildProcess {
  return spawn(process.execPath, ['--import', preload, ...command], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Its own process group: Ctrl-C in the terminal must reach it through our orderly SIGTERM, not directly.
    detached: true,
  });
}

/** What the system refuses to start at all. Node's own words may quote a variable, which may be a secret. */
function stillborn({ code }: NodeJS.ErrnoException): Child {
  const why =
    {
      E2BIG: 'its environment is larger than the system allows',
      ERR_INVALID_ARG_VALUE: 'a variable of its environment has a NUL character',
    }[code ?? ''] ?? code;
  return {
    gone: Promise.resolve(),
    ended: Promise.resolve(`could not be started: ${why}`),
    lastLines: () => [],
    kill: () => undefined,
  };
}

/** SIGTERM, then SIGKILL if it is still there after `timeout` milliseconds. Resolves once it has ended. */
export async function endChild({ ended, kill }: Child, timeout: number, clock: Clock): Promise<void> {
  kill('SIGTERM');
  const over = new AbortController();
  clock.sleep(timeout, over.signal).then(
    () => kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  over.abort();
}
