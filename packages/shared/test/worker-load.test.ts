import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { defaultWorkers, memoryForPhotos } from '../src/worker/count.ts';
import { readLoad } from '../src/worker/load.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

// Linux only.
describe.skipIf(!existsSync('/proc/self/stat'))('the load of a process', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  test('is what it knows of itself', () => {
    const until = process.cpuUsage().user + 200_000;
    while (process.cpuUsage().user < until);
    const [before, load, after] = [process.cpuUsage(), readLoad(process.pid)!, process.cpuUsage()];
    // The system counts in hundredths.
    expect(load.seconds).toBeGreaterThan((before.user + before.system) / 1e6 - 0.03);
    expect(load.seconds).toBeLessThan((after.user + after.system) / 1e6 + 0.03);
    const { rss } = process.memoryUsage();
    expect(load.bytes).toBeGreaterThan(rss * 0.8);
    expect(load.bytes).toBeLessThan(rss * 1.2);
    expect(load.stopped).toBe(false);
  });

  test('shows whether someone has stopped it, whatever its program is called', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    const program = join(folder, 'a) R (b) 1 2');
    symlinkSync('/bin/sleep', program);
    child = spawn(program, ['600']);
    await once(child, 'spawn');
    const pid = child.pid!;
    expect(readLoad(pid)).toMatchObject({ stopped: false, seconds: expect.closeTo(0, 0) });
    for (const [signal, stopped] of [
      ['SIGSTOP', true],
      ['SIGCONT', false],
    ] as const) {
      child.kill(signal);
      while (readLoad(pid)?.stopped !== stopped) await immediate();
    }
    rmSync(folder, { recursive: true });
  });

  test('is unknown once the process is gone', async () => {
    child = spawn('/bin/true');
    await once(child, 'exit');
    expect(readLoad(child.pid!)).toBeUndefined();
  });
});

test.each([
  ['one processor', { processors: 1, bytes: 64 * GiB }, 1],
  ['little memory', { processors: 8, bytes: 256 * MiB }, 1],
  ['memory for two', { processors: 8, bytes: 1 * GiB }, 2],
  ['three processors', { processors: 3, bytes: 64 * GiB }, 3],
  ['any number of either', { processors: 64, bytes: 64 * GiB }, 4],
])('%s: %j has %i workers', (_what, machine, workers) => expect(defaultWorkers(machine)).toBe(workers));

test('photos get what the processes leave, and never nothing', () => {
  expect(memoryForPhotos(2, { bytes: GiB })).toBe(GiB - 3 * 128 * MiB);
  expect(memoryForPhotos(4, { bytes: 512 * MiB })).toBe(64 * MiB);
});

test.each([
  ['half of the memory', Math.floor(totalmem() / 2), Math.floor(totalmem() / 2)],
  ['more than there is', totalmem() * 2, totalmem()],
  ['no bound', 0, totalmem()],
])('a container with %s', (_what, allowed, bytes) => {
  const told = vi.spyOn(process, 'constrainedMemory').mockReturnValue(allowed);
  expect(memoryForPhotos(1)).toBe(memoryForPhotos(1, { bytes }));
  expect(defaultWorkers()).toBe(defaultWorkers({ processors: availableParallelism(), bytes }));
  told.mockRestore();
});
