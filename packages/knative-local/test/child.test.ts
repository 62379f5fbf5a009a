import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { endChild, killAll, startChild } from '../src/process/child.ts';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import { makeFolder } from './folders.ts';

/** Runs a small program. */
async function run(source: string, environment: Record<string, string> = {}, folder?: string) {
  const lines: string[] = [];
  const child = startChild({ command: ['-e', source], folder: folder ?? (await makeFolder()), environment }, (line) =>
    lines.push(line),
  );
  onTestFinished(() => child.kill('SIGKILL'));
  return { child, lines };
}

test('a program runs in its folder with its environment alone, prints line by line, and its last ten lines are kept', async () => {
  const folder = await realpath(await makeFolder());
  const source = `
    console.log(process.cwd());
    console.error(Object.keys(process.env).filter((name) => !name.startsWith('__')).join() + process.env.A);
    for (let line = 1; line <= 10; line += 1) console.log('line ' + line + '\\r');
    process.exitCode = 3;`;
  const { child, lines } = await run(source, { A: 'x' }, folder);
  await child.gone;
  expect(await child.ended).toBe('ended with exit code 3');
  expect(new Set(lines)).toEqual(new Set([folder, 'Ax', ...Array.from({ length: 10 }, (_, index) => `line ${index + 1}`)]));
  expect(child.lastLines()).toEqual(lines.slice(-10));
  child.lastLines().pop();
  expect(child.lastLines().length).toBe(10);
});

test.each([
  [{ SECRET: 'a\0b' }, 'could not be started: a variable of its environment has a NUL character'],
  [{ SECRET: 'x'.repeat(4_000_000) }, 'could not be started: its environment is larger than the system allows'],
])(
  'an environment that the system refuses is an end like any other, and its values are not told (%#)',
  async (environment, how) => {
    const { child } = await run('', environment);
    await child.gone;
    expect(await child.ended).toBe(how);
    child.kill('SIGTERM');
  },
);

test('a program can be told to end, in a process group that no Ctrl-C of ours reaches', async () => {
  const { child, lines } = await run(
    "process.on('SIGTERM', () => process.exit(0)); console.log(process.pid); setInterval(() => {}, 9);",
  );
  await eventually(() => expect(lines.length).toBe(1));
  // By the number of its group.
  expect(process.kill(-Number(lines[0]), 0)).toBe(true);
  const clock = testClock();
  await endChild(child, 5000, clock);
  expect([await child.ended, child.lastLines(), clock.pending()]).toEqual(['ended with exit code 0', lines, []]);
});

test('a program that does not end in its time is killed, and not before', async () => {
  const { child, lines } = await run(
    "process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 9);",
  );
  await eventually(() => expect(lines).toEqual(['up']));
  const clock = testClock();
  const over = endChild(child, 5000, clock);
  await clock.advance(4999);
  await eventually(() => expect(lines).toEqual(['up', 'no']));
  await clock.advance(1);
  await over;
  expect(await child.ended).toBe('was ended by SIGKILL');
});

test('whatever ends this process takes its children along', async () => {
  expect(process.listeners('exit')).toContain(killAll);
  const { child, lines } = await run("console.log('up'); setInterval(() => {}, 9);");
  await eventually(() => expect(lines).toEqual(['up']));
  killAll();
  expect(await child.ended).toBe('was ended by SIGKILL');
});

test('a program in a folder that is not there is reported as such', async () => {
  const { child } = await run('', {}, join(await makeFolder(), 'absent'));
  expect(await child.ended).toMatch(/^could not be started: .*ENOENT/);
});
