import type { Job } from '@darkroom/shared/job';
import type { DeadLetter } from '@darkroom/shared/job/dead-letter';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json } from '@darkroom/shared/store';
import { beforeEach, expect, test } from 'vitest';
import type { FailedEvent } from '../src/task.ts';
import { minute, openWorld, type World } from './world.ts';

let world: World;
let job: Job;
beforeEach(async () => {
  world = openWorld();
  job = await world.accept({ filters: ['sepia'], archive: false });
});

/** A round: sweep emits, the stage fails. */
async function round(stage: string | undefined = 'sepia', changes: Partial<FailedEvent> = {}) {
  await world.clock.advance(20 * minute);
  await world.sweep({ deadlineSeconds: 24 * 3600 });
  await world.clock.advance(1000);
  await world.fail(job, '1', stage, changes);
}
/** The stage makes a print of another photo. */
async function elsewhere() {
  await world.clock.advance(1000);
  await world.store.write(keys.made('sepia'), json({}));
}
const dead = () => world.json(keys.dead(job.job, '1', 'sepia'));
const refused = async () => (await world.json(keys.rejection(job.job, '1', 'sepia'))) !== undefined;
const look = () => world.minutes(30, { deadlineSeconds: 24 * 3600 });

test('a stage that fails on one photo while it makes prints of others: the photo is refused, with its reason', async () => {
  await round();
  await elsewhere();
  await round();
  await elsewhere();
  await look();
  expect(await refused()).toBe(false);
  await round();
  await look();
  expect(await world.json(keys.rejection(job.job, '1', 'sepia'))).toEqual({
    reason: 'The sepia filter failed on it again and again.',
  });
  expect(world.emitted().at(-1)).toBe('filter.finished 1 sepia');
});

test('a print that is made after all is not refused, whatever came before', async () => {
  job = await world.accept({ filters: ['sepia', 'grayscale'], archive: false });
  for (let count = 0; count < 4; count += 1) {
    await round();
    await elsewhere();
    if (count === 2) await world.print(job, '1', 'sepia');
  }
  await look();
  expect(await dead()).toMatchObject({ count: 4 });
  expect(await refused()).toBe(false);
});

test('a stage that makes no print at all is a fault of the machine: nothing is refused', async () => {
  await elsewhere();
  for (let count = 0; count < 6; count += 1) await round();
  await elsewhere();
  await look();
  expect(await refused()).toBe(false);
});

test('a healthy stage between two failures alone is not enough', async () => {
  await round();
  await elsewhere();
  for (let count = 0; count < 4; count += 1) await round();
  await look();
  expect(await refused()).toBe(false);
});

test('a dead letter counts once between two looks, however often it comes', async () => {
  for (let count = 0; count < 5; count += 1) {
    await elsewhere();
    await world.fail(job, '1', 'sepia');
    await world.clock.advance(1000);
  }
  expect(await dead()).toMatchObject({ count: 1 });
  await look();
  expect(await refused()).toBe(false);
});

test('every round counts, even those that are no longer kept', async () => {
  for (let count = 0; count < 15; count += 1) await round();
  const { rounds, ...rest } = (await dead()) as DeadLetter;
  expect(rest).toMatchObject({ count: 15, at: new Date(world.clock.now()).toISOString() });
  expect(rounds).toHaveLength(10);
  expect(rounds!.at(-1)).toEqual({ look: (await world.watch(job)).looks, at: world.clock.now() });
});

test('what a stage said is kept, but not at any length', async () => {
  await world.fail(job, '1', 'sepia', { reason: 'x'.repeat(301) });
  expect((await dead()) as DeadLetter).toMatchObject({ reason: 'x'.repeat(300) });
});

test.each([
  ['a print of another filter', keys.made('grayscale')],
  ['a print of a filter whose name begins alike', keys.made('sepiatone')],
])('%s in between does not show that the stage is well', async (_kind, key) => {
  for (let count = 0; count < 4; count += 1) {
    await round();
    await world.clock.advance(1000);
    await world.store.write(key, json({}));
  }
  await look();
  expect(await refused()).toBe(false);
});

test.each([
  ['a moment after one failure', 1, true],
  ['at the very moment of a failure', 0, false],
])('prints that were made %s: whether they show that the stage is well', async (_when, later, expected) => {
  for (let count = 0; count < 3; count += 1) {
    await round();
    await world.clock.advance(later);
    await world.store.write(keys.made('sepia'), json({}));
  }
  await look();
  expect(await refused()).toBe(expected);
});

test('however many jobs there are, whether a photo is to blame is told without listing them', async () => {
  for (let count = 0; count < 3; count += 1) {
    await round();
    await elsewhere();
  }
  const listed: string[] = [];
  const { list } = world.store;
  world.store.list = (prefix) => {
    listed.push(prefix);
    return list(prefix);
  };
  await look();
  expect(await refused()).toBe(true);
  expect(listed).not.toContain(keys.allJobs);
});

test('a dead letter of a job with a damaged record is dropped; one that a failing store cannot place is not', async () => {
  const before = await world.keys();
  await world.store.write(keys.job(job.job), Buffer.from('{'));
  await world.fail(job, '1', 'sepia');
  expect(await world.keys()).toEqual(before);
  world.store.read = () => Promise.reject(new Error('EIO'));
  await expect(world.fail(job, '1', 'sepia')).rejects.toThrow('EIO');
});

test('dead letters of what does not exist are not kept', async () => {
  const before = await world.keys();
  await world.fail({ ...job, job: '00000000-0000-4000-8000-000000000000' }, '1', 'sepia');
  await world.fail(job, '7', 'sepia');
  expect(await world.keys()).toEqual(before);
});

/** A job of three photos and two filters. */
const threePhotos = () =>
  world.accept({
    images: ['1', '2', '3'].map((image) => ({ image, name: 'a.jpg', type: 'image/jpeg', bytes: 3, width: 1, height: 1 })),
  });

test('a job keeps every dead letter of its own, and twenty that name other stages', async () => {
  job = await threePhotos();
  const own = job.images.flatMap(({ image }) => [[image, 'grayscale'] as const, [image, 'sepia'] as const]);
  for (const [image, stage] of own) await world.fail(job, image, stage);
  for (let count = 0; count < 40; count += 1) await world.fail(job, '1', `forged${count}`);
  // Events do not say for which photo an archive or a mail could not be made.
  for (const stage of ['zip', 'notify']) await world.fail(job, '1', stage, { image: undefined });
  const kept = (await world.keys()).filter((key) => key.startsWith('dead/'));
  expect(kept.filter((key) => key.includes('forged'))).toHaveLength(20);
  expect(kept.filter((key) => !key.includes('forged'))).toEqual(
    [
      ...own.map(([image, stage]) => keys.dead(job.job, image, stage)),
      ...['notify', 'zip'].map((stage) => keys.dead(job.job, undefined, stage)),
    ].sort(),
  );
});

test('addresses are not kept, and nothing of what a mail server said', async () => {
  await world.fail(job, '1', 'sepia');
  expect(await dead()).toMatchObject({ reason: 'out of memory for [address]', code: '500', stage: 'sepia' });
  await world.fail(job, '1', 'notify');
  expect(await world.json(keys.dead(job.job, '1', 'notify'))).not.toHaveProperty('reason');
});

test('a job that was deleted gets no dead letter', async () => {
  await removeJob(world.store, job.job);
  await world.fail(job, '1', 'sepia');
  expect(await world.keys()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
});

test('a job that is deleted while its dead letter is written keeps none', async () => {
  const { write } = world.store;
  world.store.write = async (key, content) => {
    if (key.startsWith('dead/')) await removeJob(world.store, job.job);
    await write(key, content);
  };
  await world.fail(job, '1', 'sepia');
  expect(await world.keys()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
});

test.each<[string, string | undefined, Partial<FailedEvent>]>([
  ['503, as when the disk is full', 'sepia', { code: '503' }],
  ['504, as when the platform timed out', 'sepia', { code: '504' }],
  ['no answer in time, and no word of which stage', undefined, { code: undefined } as never],
  ['a reply that the broker refused', undefined, { code: '400' }],
  ['no word of what was answered', 'sepia', { code: undefined } as never],
])('%s: it is never held against the photo, however often it comes while others are made', async (_kind, stage, changes) => {
  for (let count = 0; count < 6; count += 1) {
    await world.clock.advance(20 * minute);
    await world.sweep({ deadlineSeconds: 24 * 3600 });
    await world.clock.advance(1000);
    await world.fail(job, '1', stage, changes);
    await elsewhere();
  }
  await look();
  expect(await dead()).toMatchObject({ stage: 'sepia', count: 6 });
  expect(await refused()).toBe(false);
});

test('failures that are held against the photo count beside those that are not', async () => {
  await round();
  await elsewhere();
  await round('sepia', { code: '503' });
  await elsewhere();
  await round();
  await elsewhere();
  await look();
  expect(await refused()).toBe(false);
  await round();
  await look();
  expect(await refused()).toBe(true);
});

test('a dead letter without its stage belongs to the only stage that has not done its part; of several, nobody can say', async () => {
  job = await world.accept();
  await world.fail(job, '1', undefined);
  expect(await world.json(keys.dead(job.job, '1', 'unknown'))).toMatchObject({ stage: 'unknown', count: 1 });
  expect(await dead()).toBeUndefined();
  await world.print(job, '1', 'grayscale');
  await world.fail(job, '1', undefined);
  expect(await dead()).toMatchObject({ stage: 'sepia', count: 1 });
});

test('what other photos wait for, or what the event is not meant for, does not blur which stage it belongs to', async () => {
  job = await threePhotos();
  await world.print(job, '1', 'grayscale');
  await world.fail(job, '1', undefined);
  expect(await dead()).toMatchObject({ stage: 'sepia' });

  job = await world.accept({ filters: ['grayscale', 'sepia', 'blur'] });
  await world.print(job, '1', 'grayscale');
  await world.fail(job, '1', undefined);
  expect(await dead()).toMatchObject({ stage: 'sepia' });
});

test.each([
  ['filter.finished', true, 'zip'],
  ['filter.finished', false, 'notify'],
  ['archive.created', true, 'notify'],
  ['job.completed', true, 'unknown'],
])('%s without its stage, of a job with archive: %s, is a dead letter for %s', async (type, archive, stage) => {
  job = await world.accept({ archive });
  await world.fail(job, '1', undefined, { attributes: { type: `dev.darkroom.${type}`, job: job.job } });
  expect(await world.json(keys.dead(job.job, '1', stage))).toMatchObject({ stage });
});
