import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const leash = pathToFileURL(`${import.meta.dirname}/leash.ts`).href;

export interface Program {
  /** What follows `node`. */
  command: string[];
  folder: string;
  environment: Record<string, string>;
}

export interface Child {
  /** Resolves as soon as it is gone. */
  gone: Promise<void>;
  /** How it ended, in words, once its last lines were read. Never rejects. */
  ended: Promise<string>;
  /** Its last lines, for when it ends before its time. */
  lastLines(): string[];
  /** SIGTERM, then SIGKILL where it is still there after that many milliseconds. */
  stop(timeout: number): Promise<void>;
}

const linesKept = 10;
const living = new Set<ChildProcess>();
// However this process comes to its end, it takes them along; the leash is for ends that run no code.
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts a Node program that prints line by line through `print`, and cannot outlive this process. */
export function startChild({ command, folder, environment }: Program, print: (line: string) => void): Child {
  const child = spawn(process.execPath, ['--import', leash, ...command], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C in the terminal must reach it as our SIGTERM, in order, and not directly.
    detached: true,
  });
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
    gone,
    ended,
    lastLines: () => [...kept],
    async stop(timeout) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
      await ended;
      clearTimeout(timer);
    },
  };
}
