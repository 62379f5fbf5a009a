import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Filter } from './photos.ts';

/** Images one after the other, in which memory must not grow. */
const many = Number(process.env['BENCH_IMAGES'] ?? 500);

/** Loaded ahead of the filter: says how long its event loop stood still at most, not counting the start. */
const stallProbe = `
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  const delay = monitorEventLoopDelay({ resolution: 2 });
  process.on('SIGUSR2', () => delay.enable());
  process.on('exit', () => process.stdout.write('\\nstall ' + Math.round(delay.max / 1e6) + '\\n'));`;

/** The filter as it is deployed, sent four photos at once again and again: memory of all its processes, and the stalls of the first. */
export async function measureLoad(filter: Filter, photo: string): Promise<void> {
  const dist = join(import.meta.dirname, `../../functions/${filter}/dist/index.mjs`);
  if (!existsSync(dist)) throw new Error(`${dist} is missing: npm run build`);
  const root = mkdtempSync(join(tmpdir(), 'bench-load-'));
  const port = await freePort();
  const environment = { ...process.env, PORT: String(port), STORE_URL: `file://${root}` };
  const preload = `data:text/javascript,${encodeURIComponent(stallProbe)}`;
  const child = spawn(process.execPath, ['--import', preload, dist], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-1000)));
  const base = `http://127.0.0.1:${port}`;
  const done = new AbortController();
  try {
    while (!(await fetch(`${base}/health/readiness`).catch(() => undefined))?.ok) await sleep(20);
    const memory = watchMemory(child.pid!, done.signal);
    child.kill('SIGUSR2');
    const samples: number[] = [];
    for (let count = 0; count < many; count += 4) {
      await Promise.all([1, 2, 3, 4].map(() => develop(base, root, filter, photo)));
      if (count % 100 === 0) samples.push(memory.now());
    }
    child.kill('SIGTERM');
    await once(child.stdout, 'close');
    const stall = /stall (\d+)/.exec(printed)?.[1];
    console.log(
      `${filter}: ${many} photos of 12 MP, four at a time: peak ${memory.peak()} MB over all processes; ` +
        `after each 100: ${samples.join(', ')} MB; longest stall of the event loop that listens ${stall} ms`,
    );
  } finally {
    done.abort();
    child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}

async function develop(base: string, root: string, filter: Filter, photo: string): Promise<void> {
  const job = randomUUID();
  const folder = join(root, 'jobs', job);
  mkdirSync(join(folder, '1'), { recursive: true });
  cpSync(photo, join(folder, '1/original.jpg'));
  const images = [{ image: '1', name: 'photo', type: 'image/jpeg', bytes: 1, width: 4000, height: 3000 }];
  const record = { job, revision: 'bench', email: 'a@example.org', filters: [filter], archive: false, options: {}, images };
  writeFileSync(join(folder, 'job.json'), JSON.stringify({ ...record, acceptedAt: new Date().toISOString() }));
  const event = { specversion: '1.0', id: job, source: '/bench', type: 'dev.darkroom.image.uploaded', job, image: '1' };
  const headers = Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce-${name}`, value]));
  const response = await fetch(base, { method: 'POST', headers });
  if (response.headers.get('ce-outcome') !== 'succeeded') throw new Error(`${response.status} ${await response.text()}`);
  rmSync(folder, { recursive: true });
}

/** The memory of a process and its children together, ten times a second. */
function watchMemory(pid: number, signal: AbortSignal) {
  let peak = 0;
  const now = () => {
    const pids = [pid, ...childrenOf(pid)];
    const total = pids.reduce((sum, each) => sum + proportionalSet(each), 0) / 1024;
    peak = Math.max(peak, total);
    return Math.round(total);
  };
  const timer = setInterval(now, 100);
  signal.addEventListener('abort', () => clearInterval(timer));
  return { now, peak: () => Math.round(peak) };
}

function childrenOf(pid: number): number[] {
  return globSync(`/proc/${pid}/task/*/children`).flatMap((file) =>
    readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}

/** KB, as Linux counts it: what is shared counts in parts. */
function proportionalSet(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
