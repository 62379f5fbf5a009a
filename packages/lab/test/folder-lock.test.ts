import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from '../../knative-local/test/folders.ts';
import { openDataFolder } from '../src/data-folder.ts';

const contender = join(import.meta.dirname, 'contender.ts');

/** A process that tries to take a folder when it is told to, and then holds it. */
async function startContender(): Promise<ChildProcess> {
  const child = fork(contender, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

async function compete(child: ChildProcess, folder: string): Promise<boolean> {
  const answer = once(child, 'message');
  child.send(folder);
  const [won] = (await answer) as [boolean];
  return won;
}

test("of three that contend for a killed process's lock, exactly one gets it", async () => {
  const folder = await makeFolder();
  const trials = Number(process.env['LOCK_TRIALS'] ?? 20);
  const contenders = await Promise.all([startContender(), startContender(), startContender()]);
  for (let trial = 0; trial < trials; trial += 1) {
    const won = await Promise.all(contenders.map((child) => compete(child, folder)));
    expect(won.filter(Boolean).length, `trial ${trial}`).toBe(1);
    const winner = won.indexOf(true);
    const gone = once(contenders[winner]!, 'exit');
    contenders[winner]!.kill('SIGKILL');
    await gone;
    contenders[winner] = await startContender();
  }
});

test('a leftover that names a living process is no lock', async () => {
  const other = spawn('sleep', ['300']);
  onTestFinished(() => void other.kill());
  const pid = String(other.pid);
  const release = await openDataFolder(await makeFolder({ 'runtime.lock': pid, 'runtime.pid': pid }));
  await release();
});

test('a released lock can be taken again, a held one cannot', async () => {
  const folder = await makeFolder();
  const release = await openDataFolder(folder);
  const taken = `The data folder ${folder} is in use by another Darkroom (process ${process.pid}). Stop it, or choose another folder with DATA_DIR.`;
  await expect(openDataFolder(folder)).rejects.toThrow(taken);
  await expect(openDataFolder(folder)).rejects.toThrow(taken);
  await release();
  await (
    await openDataFolder(folder)
  )();
});

test('a copy of the data folder, lock included, is free', async () => {
  const folder = await makeFolder();
  const release = await openDataFolder(folder);
  onTestFinished(release);
  const copy = await makeFolder();
  await writeFile(join(copy, 'runtime.pid'), String(process.pid));
  await writeFile(join(copy, 'runtime.lock'), '');
  await (
    await openDataFolder(copy)
  )();
});
