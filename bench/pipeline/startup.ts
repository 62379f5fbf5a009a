import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../packages/knative-local/src/process/ports.ts';
import { repository } from '../../packages/lab/test/pipeline/darkroom.ts';
import { memoryOf, processorTimeOf } from './processes.ts';

export const functions = ['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'webhook', 'sweep'];
/** What every start is compared with. */
export const bare = 'bare node:http';

/** The least that can answer a probe; it ends in order, so that its compile cache is written like the others'. */
const bareServer = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('OK')).listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`;

const probeInterval = 2;
const rounds = 9;

/** From spawn until readiness is answered with 200, in milliseconds. */
export interface Start {
  /** By the clock. */
  passed: number;
  /** Processor time of the program. */
  used: number;
}

export interface Startup {
  /** One per round, by program. */
  cold: Map<string, Start[]>;
  /** The same with a NODE_COMPILE_CACHE that an earlier run has filled, as the local runtime has it. */
  warm: Map<string, Start[]>;
  /** Resident memory of the bare server in MiB, once it answers. */
  bareMemory: number[];
}

/** Every program in turn, round by round, so that whatever else the machine does falls on all of them. */
export async function measureStartup(folder: string): Promise<Startup> {
  const programs = await programsIn(folder);
  const environment = environmentIn(folder);
  const cached = { ...environment, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
  const startup: Startup = { cold: new Map(), warm: new Map(), bareMemory: [] };
  for (const program of programs.values()) await start(program, cached);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, program] of programs) {
      const { resident, ...cold } = await start(program, environment);
      record(startup.cold, name, cold);
      record(startup.warm, name, await start(program, cached));
      if (name === bare) startup.bareMemory.push(resident);
    }
  }
  return startup;
}

/** Their folders. The bare server's is made. */
export async function programsIn(folder: string): Promise<Map<string, string>> {
  const bareFolder = join(folder, 'bare');
  await mkdir(bareFolder, { recursive: true });
  await writeFile(join(bareFolder, 'index.mjs'), bareServer);
  await writeFile(join(bareFolder, 'package.json'), JSON.stringify({ scripts: { start: 'node index.mjs' } }));
  return new Map([[bare, bareFolder], ...functions.map((name) => [name, join(repository, 'functions', name, 'dist')] as const)]);
}

/** What every function needs in order to start. */
export function environmentIn(folder: string): Record<string, string> {
  return {
    STORE_URL: pathToFileURL(join(folder, 'store')).href,
    K_SINK: 'http://127.0.0.1:9',
    PUBLIC_URL: 'http://localhost',
    MAIL_FROM: 'Darkroom <darkroom@localhost>',
    SMTP_URL: 'smtp://127.0.0.1:9',
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString('base64')}`,
    FILTERS: 'grayscale,sepia',
    NODE_ENV: 'production',
  };
}

function record(starts: Map<string, Start[]>, name: string, one: Start): void {
  starts.set(name, [...(starts.get(name) ?? []), one]);
}

/**
 * Starts a program until it is ready, and ends it.
 * @param use is called in between, the moment it is ready
 */
export async function start(
  cwd: string,
  environment: Record<string, string>,
  use?: (port: number) => Promise<void>,
): Promise<Start & { resident: number }> {
  const port = await freePort();
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const begun = performance.now();
  const child = spawn(process.execPath, scripts.start.split(' ').slice(1), {
    cwd,
    env: { ...environment, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // Whatever ends this process, the child must not stay.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  while ((await probe(port)) !== 200) {
    if (child.exitCode !== null) throw new Error(`${cwd} ended with ${child.exitCode} before it was ready`);
    await sleep(probeInterval);
  }
  const passed = performance.now() - begun;
  const used = processorTimeOf(child.pid!);
  const { resident } = memoryOf(child.pid!);
  await use?.(port);
  child.kill('SIGTERM');
  await exited;
  process.off('exit', kill);
  return { passed, used, resident };
}

function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: '/health/readiness', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });
}
