import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { openDarkroom, type Status } from './darkroom.ts';

/** Processes whose command line or environment names the folder. */
const processesOf = (folder: string) =>
  execFileSync('sh', ['-c', `grep -alsF '${folder}' /proc/[0-9]*/environ || true`], { encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && !path.includes(`/${process.pid}/`));

async function filesIn(folder: string): Promise<string[]> {
  const items = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return items.filter((item) => item.isFile()).map(({ name }) => name);
}

async function busyDarkroom() {
  const darkroom = await openDarkroom();
  onTestFinished(() => darkroom.close());
  const bytes = await photo('jpeg', { width: 3000, height: 2000 });
  const files = Array.from({ length: 6 }, (_, index) => ({ name: `${index}.jpg`, bytes }));
  const { job } = (await (await darkroom.post(files, { tag: 'v2' })).json()) as Status;
  return { darkroom, job };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the middle of work leaves no process and no temporary file; the next start completes the job',
  async (signal) => {
    const { darkroom, job } = await busyDarkroom();
    expect(processesOf(darkroom.folder).length).toBeGreaterThan(7);
    expect(await darkroom.end(signal)).toBe(0);
    expect(processesOf(darkroom.folder)).toEqual([]);
    for (const place of ['data/tmp', 'data/store/.tmp']) expect(await filesIn(join(darkroom.folder, place))).toEqual([]);
    await darkroom.start();
    expect((await darkroom.finished(job)).status).toBe('completed');
    expect(await darkroom.mailsOf(job)).toHaveLength(1);
  },
);

test("SIGKILL takes the runtime's processes with it, and the next start completes the job", async () => {
  const { darkroom, job } = await busyDarkroom();
  await darkroom.end('SIGKILL');
  while (processesOf(darkroom.folder).length > 0) await new Promise((wake) => setTimeout(wake, 20));
  await darkroom.start();
  expect((await darkroom.finished(job)).status).toBe('completed');
  expect(await darkroom.mailsOf(job)).toHaveLength(1);
});
