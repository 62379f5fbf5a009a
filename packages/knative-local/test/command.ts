import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Command {
  process: ChildProcess;
  /** Everything it printed. */
  output(): string;
  /** Its exit code, once it has ended. */
  ended: Promise<number | null>;
}

const program = join(import.meta.dirname, '../src/command.ts');

/** Runs `knative-local` with these words, to be ended by whoever asks. */
export function runCommand(words: string[], environment: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { process: child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** The same on the config/ and functions/ of a folder and any free port, once it is ready: the public address. */
export async function readyCommand(
  folder: string,
  environment: Record<string, string> = {},
  more: string[] = [],
): Promise<Command & { url: string }> {
  const words = ['--config', join(folder, 'config'), '--functions', join(folder, 'functions'), '--port', '0'];
  words.push('--data', join(folder, '.knative-local'), ...more);
  const command = runCommand(words, environment);
  for (;;) {
    const url = /is ready\.\n\n +\S+ +(http:\S+)/.exec(command.output())?.[1];
    if (url !== undefined) return { ...command, url };
    if (command.process.exitCode !== null) throw new Error(command.output());
    await Promise.race([once(command.process.stdout!, 'data'), command.ended]);
  }
}

/** Ctrl-C. */
export async function finish({ process: child, ended }: Command): Promise<number | null> {
  child.kill('SIGINT');
  return ended;
}

/** Runs it for one test. */
export async function startReady(folder: string): Promise<Command & { url: string }> {
  const command = await readyCommand(folder, { COLLECTOR_OUTPUT: join(folder, 'events') });
  onTestFinished(async () => {
    await finish(command);
  });
  return command;
}
