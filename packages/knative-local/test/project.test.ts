import { existsSync, watch } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../src/clock.ts';
import { watchProject } from '../src/project.ts';
import { watchFolder } from '../src/watch.ts';
import { testClock } from './clock.ts';
import { makeFolder } from './folders.ts';

const func = (name: string) =>
  `name: ${name}\nbuild:\n  buildEnvs:\n    - { name: BP_NODE_PROJECT_PATH, value: dist }\nrun: {}\n`;

interface Options {
  withSources?: boolean;
  clock?: Clock;
  /** What is waited for before the folders of sources are known, each time that they are asked for. */
  slow?: (time: number) => Promise<void>;
}

async function open({ withSources = true, clock = systemClock, slow = async () => undefined }: Options = {}) {
  const folder = await makeFolder({
    'config/wiring.yaml': '',
    'functions/one/func.yaml': func('one'),
    'functions/one/dist/package.json': '{}',
    'functions/one/src/deep/code.ts': '',
  });
  const functions = join(folder, 'functions');
  const own = ['one', 'two'].map((name) => join(functions, name, 'src'));
  let asked = 0;
  async function folders() {
    asked += 1;
    const found = own.filter((path) => existsSync(path));
    await slow(asked);
    return found;
  }
  const sources = { folders, build: async () => undefined };
  let told = 0;
  const project = { config: [join(folder, 'config')], functions, ...(withSources && { sources }) };
  const stop = await watchProject(project, () => (told += 1), clock);
  onTestFinished(stop);
  const write = async (path: string, content = '') => {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  /** Until somebody is told of a change made since. */
  const isTold = async (change: () => Promise<unknown>) => {
    const before = told;
    await change();
    await expect.poll(() => told).toBeGreaterThan(before);
  };
  return { folder, stop, write, isTold, asked: () => asked, told: () => told };
}

test.each([
  'config/wiring.yaml',
  'config/more.yaml',
  'functions/one/func.yaml',
  'functions/one/option.json',
  'functions/one/dist/index.mjs',
  'functions/one/src/deep/code.ts',
  'functions/one/src/new.ts',
  'functions/two/func.yaml',
])('whoever writes %s is noticed', async (path) => {
  const { write, isTold } = await open();
  await isTold(() => write(path, path.endsWith('func.yaml') ? func('two') : 'changed'));
});

test('what comes with a change is watched from then on: a function, its build, its sources', async () => {
  const { folder, write, isTold } = await open();
  await isTold(() => write('functions/two/func.yaml', func('two')));
  await isTold(() => write('functions/two/src/index.ts'));
  await isTold(() => write('functions/two/src/index.ts', 'changed'));
  await isTold(() => write('functions/two/dist/index.mjs'));
  await isTold(() => write('functions/two/dist/index.mjs', 'changed'));
  await isTold(() => rm(join(folder, 'functions/two'), { recursive: true }));
  await isTold(() => write('config/wiring.yaml', 'changed'));
});

test('a folder of functions that goes and comes back is watched again', async () => {
  const { folder, write, isTold } = await open();
  await isTold(() => rm(join(folder, 'functions'), { recursive: true }));
  await isTold(() => write('config/wiring.yaml', 'changed'));
  await write('functions/one/func.yaml', func('one'));
  await isTold(() => write('config/wiring.yaml', 'changed once more'));
  await isTold(() => write('functions/one/func.yaml', `${func('one')}\n`));
});

test('of two looks at what is there, the later one counts, however long the earlier one takes', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { folder, write, isTold, asked, told } = await open({ slow: async (time) => (time === 2 ? promise : undefined) });
  await write('config/wiring.yaml', 'changed');
  await expect.poll(asked).toBe(2);
  await write('functions/two/src/deep/code.ts');
  // More than a look takes, once things are quiet, if it did not wait.
  const quiet = new Promise<void>((done) => onTestFinished(watchFolder(join(folder, 'functions'), done)));
  await write('functions/three/func.yaml', func('three'));
  await quiet;
  for (let count = 0; count < 100; count += 1) await readdir(folder, { recursive: true });
  resolve();
  await expect.poll(told).toBeGreaterThan(1);
  await isTold(() => write('functions/two/src/deep/code.ts', 'changed'));
});

test('a project without sources is watched as well', async () => {
  const { write, isTold } = await open({ withSources: false });
  await isTold(() => write('functions/one/dist/index.mjs', 'changed'));
});

/** Changes a manifest, and waits until those have heard of it who began to watch before. */
const changed = (folder: string) =>
  new Promise<void>((resolve) => {
    const witness = watch(join(folder, 'config'), () => {
      witness.close();
      resolve();
    });
    void writeFile(join(folder, 'config/wiring.yaml'), 'changed');
  });

test('once it stops, nobody waits for things to become quiet any more', async () => {
  const clock = testClock();
  const { folder, stop } = await open({ clock });
  await changed(folder);
  expect(clock.pending()).toHaveLength(1);
  stop();
  await expect.poll(() => clock.pending()).toEqual([]);
  await changed(folder);
  expect(clock.pending()).toEqual([]);
});

test('a look that is under way when it stops neither begins to watch nor tells anybody', async () => {
  const clock = testClock();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { folder, stop, asked, told } = await open({ clock, slow: async (time) => (time === 2 ? promise : undefined) });
  await changed(folder);
  await clock.advance(1000);
  await expect.poll(asked).toBe(2);
  stop();
  resolve();
  await clock.advance(0);
  await changed(folder);
  expect([clock.pending(), told()]).toEqual([[], 0]);
});
