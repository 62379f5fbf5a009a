import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { memoryOf } from '../pipeline/processes.ts';
import type { Store } from '../../packages/shared/src/store/store.ts';
import { countedStore, type Counts } from './counted-store.ts';

/** What a piece of work costs. */
export interface Cost extends Counts {
  /** By the clock, and of processor time, for one of several rounds. */
  seconds: number;
  'CPU s': number;
  /** The most memory of the process, above what it had before. */
  'peak MiB': number;
}

/** Counts once, and times so many rounds. */
export async function costOf(store: Store, rounds: number, work: (store: Store) => Promise<void>): Promise<Cost> {
  const counted = countedStore(store);
  const before = memoryOf('self').resident;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await work(counted.store);
  const counts = counted.take();
  for (let round = 1; round < rounds; round += 1) await work(counted.store);
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...counts,
    seconds: (performance.now() - begun) / 1000 / rounds,
    'CPU s': (user + system) / 1e6 / rounds,
    'peak MiB': memoryOf('self').peak - before,
  };
}

const program = fileURLToPath(new URL('cost-process.ts', import.meta.url));

/** The same in a process of its own, so that its memory can be told. @param words what cost-process.ts is told */
export async function costInProcess(words: readonly string[], environment: Record<string, string>): Promise<Cost> {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  process.off('exit', kill);
  // What is logged was not meant to happen here.
  if (code !== 0 || !said.startsWith('{')) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${said}`);
  return JSON.parse(said) as Cost;
}
