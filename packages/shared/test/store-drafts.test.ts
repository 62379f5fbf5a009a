import { mkdir, mkdtemp, readdir, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Drafts, openDrafts } from '../src/store/drafts.ts';
import { testClock, type TestClock } from './support/clock.ts';

const hour = 60 * 60 * 1000;
/** More than a kernel gives out. */
const deadProcess = 2 ** 22 + 1;
const me = hostname().replace(/\W/g, '-');

let root: string;
let folder: string;
let clock: TestClock;
let drafts: Drafts;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drafts-'));
  clock = testClock();
  drafts = openDrafts(root, clock);
  folder = dirname(drafts.begin());
  await mkdir(folder, { recursive: true });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

/** A draft as a process left it. @param age milliseconds */
async function left(name: string, age = 0): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, 'half');
  const time = (clock.now() - age) / 1000;
  await utimes(path, time, time);
}
/** What is still there after a clean-up. */
async function cleared(): Promise<string[]> {
  await drafts.clear();
  return (await readdir(folder)).sort();
}

test('drafts wait in a folder of their own below the root, each under its own name', () => {
  const [one, other] = [drafts.begin(), drafts.begin()];
  expect(one).not.toBe(other);
  expect(dirname(folder)).toBe(root);
  // No key begins with a dot.
  expect(basename(folder)).toMatch(/^\./);
});

test('a draft goes when its write is over, and one that was never begun on disk is no reason to try again', async () => {
  const draft = drafts.begin();
  await writeFile(draft, 'x');
  drafts.end(draft);
  expect(await readdir(folder)).toEqual([]);
  drafts.end(drafts.begin());
  expect(clock.sleepers()).toBe(0);
});

test.each([
  ['of a process of this machine that is dead', `${me}.${deadProcess}.x`, 0],
  ['of this process, which writes no such draft', `${me}.${process.pid}.x`, 0],
  ['of another machine, from hours ago', `elsewhere.${process.pid}.x`, hour + 60_000],
  ['of a living process, from hours ago', `${me}.${process.ppid}.x`, hour + 60_000],
  ['of unknown origin, from hours ago', 'x', hour + 60_000],
])('a draft %s is removed', async (_whose, name, age) => {
  await left(name, age);
  expect(await cleared()).toEqual([]);
});

test.each([
  ['of another machine', `elsewhere.${deadProcess}.x`, hour - 60_000],
  ['of a machine whose name begins alike', `${me}x.${deadProcess}.x`, 0],
  ['of a living process', `${me}.${process.ppid}.x`, 0],
  ['of a process that belongs to somebody else', `${me}.1.x`, 0],
  ['of unknown origin', 'x', 0],
])('a draft %s stays while it may still be written', async (_whose, name, age) => {
  await left(name, age);
  expect(await cleared()).toEqual([name]);
});

test('a draft stays if the system does not say whether its process lives', async () => {
  vi.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
  });
  await left(`${me}.${deadProcess}.x`);
  expect(await cleared()).toEqual([`${me}.${deadProcess}.x`]);
});

test('a draft that could not be removed when its write was over goes with the next clean-up', async () => {
  const draft = drafts.begin();
  await mkdir(draft);
  drafts.end(draft);
  await rmdir(draft);
  await left(basename(draft));
  expect(await cleared()).toEqual([]);
});

test('what this process is writing stays, whichever of its stores began it', async () => {
  const mine = openDrafts(root, clock).begin();
  await left(basename(mine));
  expect(await cleared()).toEqual([basename(mine)]);
});

test('drafts are looked through at most every ten seconds', async () => {
  const afterwards = async () => {
    await left('old', 2 * hour);
    return cleared();
  };
  expect(await afterwards()).toEqual([]);
  await clock.advance(9_999);
  expect(await afterwards()).toEqual(['old']);
  await clock.advance(1);
  expect(await afterwards()).toEqual([]);
  await clock.advance(9_999);
  expect(await afterwards()).toEqual(['old']);
});

test('a clean-up that fails is no fault for its caller', async () => {
  await rm(folder, { recursive: true });
  await expect(drafts.clear()).resolves.toBeUndefined();
});

test('if the disk would not let a draft go, its removal is tried again two seconds later', async () => {
  const draft = drafts.begin();
  // As a file, it cannot be removed.
  await mkdir(draft);
  drafts.end(draft);
  await clock.advance(1_999);
  await rmdir(draft);
  await writeFile(draft, 'x');
  // It still waits, and has not tried yet.
  expect(clock.sleepers()).toBe(1);
  expect(await readdir(folder)).toEqual([basename(draft)]);
  await clock.advance(1);
  await expect.poll(() => readdir(folder)).toEqual([]);
});

test('a disk that goes on refusing is tried again and again', async () => {
  const draft = drafts.begin();
  await mkdir(draft);
  drafts.end(draft);
  for (let round = 0; round < 3; round += 1) {
    await clock.advance(2_000);
    await expect.poll(() => clock.sleepers()).toBe(1);
  }
  await rmdir(draft);
  await writeFile(draft, 'x');
  await clock.advance(2_000);
  await expect.poll(() => readdir(folder)).toEqual([]);
  expect(clock.sleepers()).toBe(0);
});

test('setting the clock of the machine delays no clean-up', async () => {
  expect(await cleared()).toEqual([]);
  await left('old', 2 * hour);
  clock.jump(-hour / 2);
  await clock.advance(10_000);
  expect(await cleared()).toEqual([]);
});
