import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from './pipeline/darkroom.ts';

export interface Started {
  process: ChildProcess;
  /** Everything it printed. */
  output(): string;
  /** Its exit code, once it has ended. */
  ended: Promise<number | null>;
}

export interface Ready extends Started {
  publicUrl: string;
  inboxUrl: string;
  smtpPort: number;
  brokerUrl: string;
  /** What a publisher must show. */
  token: string;
}

const main = join(import.meta.dirname, '../src/main.ts');
const anyPorts = { PORT: '0', SMTP_PORT: '0', INBOX_PORT: '0' };

/** Starts the runtime as `npm start` does, on any free ports. */
export function startMain(environment: Record<string, string>, words: string[] = []): Started {
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH: process.env['PATH'], ...anyPorts, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { process: child, output: () => output, ended };
}

/** The same, once it is ready. */
export async function startReady(folder: string, environment: Record<string, string> = {}): Promise<Ready> {
  const dataFolder = join(folder, 'data');
  const started = startMain({
    CONFIG_DIR: join(folder, 'config'),
    FUNCTIONS_DIR: join(folder, 'functions'),
    DATA_DIR: dataFolder,
    COLLECTOR_OUTPUT: join(folder, 'events'),
    ...environment,
  });
  let ended = false;
  void started.ended.then(() => (ended = true));
  const addresses = await eventually(async () => {
    if (ended) throw new Error(started.output());
    const text = await readFile(join(dataFolder, 'runtime.json'), 'utf8').catch(() => '{}');
    const written = JSON.parse(text) as Ready & { pid: number };
    return written.pid === started.process.pid ? written : undefined;
  });
  return { ...addresses, ...started };
}

/** Ctrl-C. */
export async function finish(runtime: Ready): Promise<number | null> {
  runtime.process.kill('SIGINT');
  return runtime.ended;
}
