import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Rejected } from '../src/errors.ts';
import type { Task } from '../src/filter/develop.ts';
import { photoWorkers } from '../src/image/workers.ts';
import type { WorkerPool } from '../src/worker/pool.ts';
import { startWorker } from '../src/worker/process.ts';
import { commands } from './images/commands.ts';
import { childrenOf, processorTime } from './support/processes.ts';

const program = join(import.meta.dirname, 'images/worker-program.ts');
const store = mkdtempSync(join(tmpdir(), 'workers-'));
const pools: WorkerPool<Task, void>[] = [];

/** A pool, and how many workers it has started. */
function open(size: number, seconds: number) {
  const count = { started: 0 };
  const pool = photoWorkers<Task, void>(size, seconds, () => {
    count.started += 1;
    return startWorker(program);
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
  test('make prints, one after the other in the same process', async () => {
    const { pool, count } = open(1, 30);
    const tasks = [await photo('obey'), await photo('obey'), await photo('obey')];
    await Promise.all(tasks.map((task) => pool.run(task)));
    expect(tasks.every(({ print }) => existsSync(join(store, print)))).toBe(true);
    expect(count.started).toBe(1);
  });

  test.each(['sleep', 'loop'] as const)('a photo that takes too long (%s) is refused, and others go on', async (command) => {
    const { pool } = open(2, 2);
    const [late, good] = [pool.run(await photo(command)), await photo('obey')];
    const outcome = expect(late).rejects.toThrow(new Rejected('It took longer than 2 seconds to develop, and was stopped.'));
    await pool.run(good);
    await outcome;
    await pool.run(await photo('obey'));
  });

  test('a photo that crashes a worker is tried once more in a new one, then refused', async () => {
    const { pool, count } = open(1, 30);
    const error: unknown = await pool.run(await photo('crash')).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Rejected);
    expect((error as Rejected).message).toMatch(/^The file is damaged/);
    expect(count.started).toBe(2);
    await pool.run(await photo('obey'));
  });

  test('a fault of the filter is no fault of the photo: it is thrown, to be tried again', async () => {
    const error: unknown = await open(1, 30)
      .pool.run(await photo('fault'))
      .catch((fault: unknown) => fault);
    expect(error).not.toBeInstanceOf(Rejected);
    expect((error as Error).message).toContain('a fault of the filter');
  });

  test('an original that is gone is a passing fault', async () => {
    const { pool } = open(1, 30);
    await expect(pool.run({ original: 'none/original.png', print: 'none/print.png', type: 'image/png' })).rejects.toThrow(
      'is not in the store',
    );
  });

  test('go with their employer, even from an endless loop when it was killed', async () => {
    const { original, print } = await photo('loop');
    const employer = spawn(process.execPath, [program, original, print], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(employer.stdout, 'data');
    const workers = () => childrenOf(employer.pid!);
    await expect.poll(workers, { timeout: 20_000 }).toHaveLength(1);
    const [worker] = workers();
    // Long enough for it to be at work.
    await expect.poll(() => processorTime(worker!), { timeout: 30_000 }).toBeGreaterThan(100);
    employer.kill('SIGKILL');
    await once(employer, 'exit');
    await expect.poll(() => existsSync(`/proc/${worker}/stat`), { timeout: 20_000 }).toBe(false);
  });
});
