import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../packages/rollout/src/main.ts');

/** `npm run rollout`, as somebody at a terminal starts it. */
export interface Command {
  output(): string;
  /** Its exit code; null if it was killed. */
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** @param data DATA_DIR of the lab */
export function startRollout(data: string, words: readonly string[]): Command {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH, HOME, KUBECONFIG: join(data, 'kubeconfig') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  return { output: () => output, ended, kill: (signal) => void child.kill(signal) };
}
