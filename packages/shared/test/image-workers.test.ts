import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Rejected, Unavailable } from '../src/errors.ts';
import type { Task } from '../src/filter/develop.ts';
import { type WorkerPool, workerPool } from '../src/worker/pool.ts';
import { startWorker } from '../src/worker/process.ts';
import { commands } from './images/commands.ts';
import { childrenOf, processorTime } from './support/processes.ts';

const program = join(import.meta.dirname, 'images/worker-program.ts');
const store = mkdtempSync(join(tmpdir(), 'workers-'));
const pools: WorkerPool<Task, void>[] = [];

/** A pool, and the number of workers it has started. */
function open(size: number, seconds: number) {
  const count = { started: 0 };
  const bounds = { seconds, bytes: 1e9, stuckSeconds: 300 };
  const pool = workerPool<Task, void>(size, bounds, {
    start() {
      count.started += 1;
      return startWorker(program);
    },
  });
  pools.push(pool);
  return { pool, count };
}

let photos = 0;
async function photo(command: keyof typeof commands) {
  photos += 1;
  mkdirSync(join(store, String(photos)));
  const png = sharp({ create: { width: 4, height: 4, channels: 3, background: { r: commands[command], g: 0, b: 0 } } }).png();
  writeFileSync(join(store, `${photos}/original.png`), await png.toBuffer());
  return { original: `${photos}/original.png`, print: `${photos}/print.png`, type: 'image/png' as const };
}

beforeAll(() => {
  process.env['STORE_URL'] = `file://${store}`;
});
afterEach(() => pools.splice(0).forEach((pool) => pool.close()));
afterAll(() => rmSync(store, { recursive: true }));

describe('workers', () => {
  test('make prints one after another in the same process', async () => {
    const { pool, count } = open(1, 30);
    const tasks = [await photo('obey'), await photo('obey'), await photo('obey')];
    await Promise.all(tasks.map((task) => pool.run(task)));
    expect(tasks.every(({ print }) => existsSync(join(store, print)))).toBe(true);
    expect(count.started).toBe(1);
  });

  test.each(['sleep', 'loop'] as const)(
    'a photo that takes too long twice (%s) is refused, and others go on meanwhile',
    async (command) => {
      const { pool, count } = open(2, 1);
      const late = pool.run(await photo(command)).catch((fault: unknown) => fault);
      await pool.run(await photo('obey'));
      expect(await late).toBeInstanceOf(Rejected);
      expect(((await late) as Rejected).message).toMatch(command === 'loop' ? /^It took longer than 1 seconds/ : /hang/);
      expect(count.started).toBeGreaterThanOrEqual(2);
      await pool.run(await photo('obey'));
    },
  );

  test('a photo that takes too much memory twice is refused', async () => {
    const error: unknown = await open(1, 30)
      .pool.run(await photo('swell'))
      .catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Rejected);
    expect((error as Rejected).message).toContain('more memory');
  });

  test('a photo that crashes a worker is tried once more in a new one, then refused', async () => {
    const { pool, count } = open(1, 30);
    const error: unknown = await pool.run(await photo('crash')).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Rejected);
    expect((error as Rejected).message).toMatch(/^The file is damaged/);
    expect(count.started).toBe(2);
    await pool.run(await photo('obey'));
  });

  test('the photo is not blamed for a worker that the system kills, even twice', async () => {
    const { pool } = open(1, 30);
    const killer = setInterval(() => {
      for (const worker of childrenOf(process.pid).filter((pid) => processorTime(pid) > 100)) process.kill(worker, 'SIGKILL');
    }, 50);
    const error: unknown = await pool.run(await photo('loop')).catch((fault: unknown) => fault);
    clearInterval(killer);
    expect(error).toBeInstanceOf(Unavailable);
    await pool.run(await photo('obey'));
  });

  test('a worker that was stopped for a while continues with its photo', async () => {
    const { pool, count } = open(1, 1);
    const print = pool.run(await photo('nap'));
    const [worker] = await expect
      .poll(() => childrenOf(process.pid))
      .toHaveLength(1)
      .then(() => childrenOf(process.pid));
    process.kill(worker!, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    process.kill(worker!, 'SIGCONT');
    await print;
    expect(count.started).toBe(1);
  });

  test('workers yield to processes that answer requests', async () => {
    const { pool } = open(1, 30);
    await pool.run(await photo('obey'));
    expect(childrenOf(process.pid).map((pid) => getPriority(pid))).toEqual([Math.min(getPriority() + 10, 19)]);
  });

  test('the photo is not blamed for a fault of the filter: it is thrown, and retried', async () => {
    const error: unknown = await open(1, 30)
      .pool.run(await photo('fault'))
      .catch((fault: unknown) => fault);
    expect(error).not.toBeInstanceOf(Rejected);
    expect((error as Error).message).toContain('a fault of the filter');
  });

  test('a missing original is a transient fault', async () => {
    const { pool } = open(1, 30);
    await expect(pool.run({ original: 'none/original.png', print: 'none/print.png', type: 'image/png' })).rejects.toThrow(
      'is not in the store',
    );
  });

  test('a store that cannot be written to is reported as such', async () => {
    const { pool } = open(1, 30);
    const task = await photo('obey');
    // A file is where the folder of the print should be.
    writeFileSync(join(store, 'file'), '');
    const error: unknown = await pool.run({ ...task, print: 'file/print.png' }).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ name: 'Unavailable', status: 503 });
    await pool.run(task);
  });

  test('end with their employer, even if it was killed and they are in an endless loop', async () => {
    const { original, print } = await photo('loop');
    const employer = spawn(process.execPath, [program, original, print], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(employer.stdout, 'data');
    const workers = () => childrenOf(employer.pid!);
    await expect.poll(workers).toHaveLength(1);
    const [worker] = workers();
    // Long enough for it to start working.
    await expect.poll(() => processorTime(worker!)).toBeGreaterThan(100);
    employer.kill('SIGKILL');
    await once(employer, 'exit');
    await expect.poll(() => existsSync(`/proc/${worker}/stat`)).toBe(false);
  });
});
