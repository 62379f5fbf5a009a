import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json, type Store } from '@darkroom/shared/store';
import { beforeEach, describe, expect, test } from 'vitest';
import { expire } from '../src/expire.ts';
import { clearLeaving } from '../src/leaving.ts';
import { openWalk } from '../src/walk.ts';
import { hour, minute, openWorld, second, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
const day = 24 * hour;
const week = 7 * 24 * 3600;

test('a job expires by its newest part, with its dead letters; a tombstone stays, for as long again', async () => {
  const job = await world.accept();
  await world.clock.advance(6 * day);
  await world.print(job, '1', 'sepia');
  await world.fail(job, '1', 'grayscale');
  await world.clock.advance(2 * day);
  await world.expire(week);
  expect(await world.keys()).toContain(keys.job(job.job));
  await world.clock.advance(6 * day);
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
  await world.clock.advance(6 * day);
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
  await world.clock.advance(2 * day);
  await world.expire(week);
  expect(await world.keys()).toEqual([]);
});

test('claims and the remains of a broken upload go by their age', async () => {
  await world.store.write(keys.claim('a'.repeat(64)), json({ job: 'x', post: 'y' }));
  await world.store.write('jobs/00000000-0000-4000-8000-000000000000/1/original.jpg', Buffer.from('abc'));
  await world.expire(week);
  expect(await world.keys()).toHaveLength(2);
  await world.clock.advance(8 * day);
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.gone('00000000-0000-4000-8000-000000000000')]);
});

test('what an address has had in an hour is forgotten when that is over, whatever the hour is called', async () => {
  await world.store.write(keys.quota('2000-01-01T00', 'digest', 1), json({}));
  await world.clock.advance(hour - minute);
  await world.store.write(keys.quota('2000-01-01T01', 'digest', 1), json({}));
  await world.expire(week);
  expect(await world.keys()).toHaveLength(2);
  await world.clock.advance(2 * minute);
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.quota('2000-01-01T01', 'digest', 1)]);
});

test.each([
  ['a day', week, 24 * hour],
  ['the retention, if that is shorter', 3600, hour],
])('an upload that nobody has posted goes after %s, each part by its own age', async (_what, retention, lifetime) => {
  await world.store.write(keys.upload('u'), json({}));
  await world.store.write(keys.uploadPiece('u', 0), Buffer.from('abc'));
  await world.clock.advance(minute);
  await world.store.write(keys.uploadPiece('u', 3), Buffer.from('abc'));
  await world.store.write(keys.uploadTaken('v'), json({}));
  const all = await world.keys();
  await world.clock.advance(lifetime - minute);
  await world.expire(retention);
  expect(await world.keys()).toEqual(all);
  await world.clock.advance(1);
  await world.expire(retention);
  expect(await world.keys()).toEqual([keys.uploadPiece('u', 3), keys.uploadTaken('v')]);
  await world.clock.advance(minute);
  await world.expire(retention);
  expect(await world.keys()).toEqual([]);
});

test('what comes late for a deleted job goes within the next pings, or with the next hour', async () => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.print(job, '1', 'sepia');
  await world.store.write(keys.dead(job.job, '1', 'sepia'), json({}));
  await world.store.write(`${keys.mailLock(job.job)}/1`, json({}));
  await world.minutes(1);
  expect(await world.keys()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
  await world.clock.advance(2 * hour);
  await world.print(job, '1', 'sepia');
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
  await world.minutes(1);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
});

test('what came late goes together with a tombstone that is as old', async () => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.minutes(61);
  await world.print(job, '1', 'sepia');
  await world.clock.advance(8 * day);
  await world.expire(week);
  expect(await world.keys()).toEqual([]);
});

test('nothing goes before its time: a retention, or an hour for the places of an address', async () => {
  const job = await world.accept();
  await world.store.write(keys.claim('a'.repeat(64)), json({}));
  await world.store.write(keys.dead('other', '1', 'sepia'), json({}));
  await world.store.write(keys.gone('other'), json({}));
  await world.store.write(keys.quota('2000-01-01T00', 'digest', 1), json({}));
  const all = await world.keys();
  await world.clock.advance(hour);
  await world.expire(week);
  expect(await world.keys()).toEqual(all);
  await world.clock.advance(1);
  await world.expire(week);
  expect(await world.keys()).toEqual(all.filter((key) => !key.startsWith('quota/')));
  await world.clock.advance(week * 1000 - hour - 1);
  await world.expire(week);
  expect(await world.keys()).toEqual(all.filter((key) => !key.startsWith('quota/')));
  await world.clock.advance(1);
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
});

test('a job lives as long as its newest part, whatever order a listing has', async () => {
  const job = await world.accept();
  await world.clock.advance(5 * day);
  // In a listing, the new version keeps the place of the old one: before the older parts.
  await world.store.write(keys.original(job.job, job.images[0]!), Buffer.from('abc'));
  await world.clock.advance(5 * day);
  await world.expire(week);
  expect(await world.keys()).toContain(keys.job(job.job));
});

test.each([
  ['within the hour, as often as it comes', hour - 2 * minute, 1],
  ['after that, when the hourly clean-up has its turn', hour, 2],
])('between two clean-ups, what came late for a deleted job is looked for %s', async (_when, age, left) => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.minutes(age / minute);
  await world.print(job, '1', 'sepia');
  await world.sweep();
  expect((await world.keys()).filter((key) => key !== keys.leaving(job.job))).toHaveLength(left);
});

test('however many tombstones there are, a look of sweep lists those of the last hour only', async () => {
  for (let number = 0; number < 50; number += 1)
    await world.store.write(keys.gone(`00000000-0000-4000-8000-${1e11 + number}`), json({}));
  const job = await world.accept();
  await removeJob(world.store, job.job);
  const listed: string[] = [];
  const { list } = world.store;
  world.store.list = async function* (prefix) {
    for await (const entry of list(prefix)) {
      listed.push(entry.key);
      yield entry;
    }
  };
  await world.sweep();
  expect(listed.filter((key) => key !== keys.sweepTime)).toEqual([keys.leaving(job.job)]);
});

test('of however many jobs that were deleted within the hour, what came late goes, sixteen at a time', async () => {
  for (let count = 0; count < 37; count += 1) {
    const job = await world.accept();
    await removeJob(world.store, job.job);
    await world.print(job, '1', 'sepia');
  }
  const printsLeft = async () => (await world.keys()).filter((key) => key.startsWith(keys.allJobs)).length;
  const left: number[] = [];
  for await (const _ of clearLeaving(world.store)) left.push(await printsLeft());
  expect([...left, await printsLeft()]).toEqual([21, 5, 0]);
});

test('what is about to be deleted, or could not be, stays', async () => {
  const job = await world.accept();
  const all = await world.keys();
  await world.store.write(keys.leaving(job.job), json({}));
  await world.sweep();
  expect(await world.keys()).toEqual([...all, keys.leaving(job.job)].sort());
  await world.clock.advance(hour);
  for await (const _ of clearLeaving(world.store));
  expect(await world.keys()).toEqual(all);
});

test('a deleted job that cannot be cleared up keeps no other from it, and no open job from being resumed', async () => {
  const [stuck, other] = [await world.accept(), await world.accept()];
  for (const { job } of [stuck, other]) await removeJob(world.store, job);
  for (const job of [stuck, other]) await world.print(job, '1', 'sepia');
  await world.accept();
  const { remove } = world.store;
  world.store.remove = async (key) => {
    if (key.startsWith(keys.folder(stuck.job))) throw new Error('EIO');
    await remove(key);
  };
  await world.minutes(1);
  expect(world.emitted()).toHaveLength(1);
  expect((await world.keys()).filter((key) => key.endsWith('sepia.jpg'))).toEqual([expect.stringContaining(stuck.job)]);
});

test('what came late for a deleted job is found, even if the clock was set back since', async () => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.print(job, '1', 'sepia');
  world.clock.jump(-20 * day);
  await world.sweep();
  expect(await world.keys()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
});

describe('a store that takes longer than a ping', () => {
  /** Six old jobs, in a store where each tombstone takes 4 s. */
  async function opened(fault?: Error) {
    const jobs: string[] = [];
    for (let count = 0; count < 6; count += 1) jobs.push((await world.accept()).job);
    await world.clock.advance(8 * day);
    const writeOnce: Store['writeOnce'] = async (key, content) => {
      await world.clock.sleep(4 * second);
      if (fault && key === keys.gone(jobs[1]!)) throw fault;
      return world.store.writeOnce(key, content);
    };
    const expiry = openWalk(() => expire({ ...world.store, writeOnce }, week), world.clock);
    const left = async () => (await world.keys()).filter((key) => key.endsWith('job.json')).length;
    async function turn() {
      const state = { done: false };
      const going = expiry.goOn().finally(() => (state.done = true));
      while (!state.done) await world.clock.advance(second);
      return going;
    }
    return { expiry, turn, left };
  }

  test('is walked through in turns, each of which goes on from where the last one was', async () => {
    const { expiry, turn, left } = await opened();
    await turn();
    expect(await left()).toBe(6);
    expiry.begin();
    await turn();
    expect(await left()).toBe(3);
    // The next hour has come, and it is not through yet: it does not begin anew.
    expiry.begin();
    await turn();
    expect(await left()).toBe(0);
    await turn();
    await world.accept();
    await world.clock.advance(8 * day);
    await turn();
    expect(await left()).toBe(1);
    expiry.begin();
    await turn();
    expect(await left()).toBe(0);
  });

  test('a job that cannot be removed keeps none of the others, and goes with another hour', async () => {
    const { expiry, turn, left } = await opened(new Error('EIO'));
    expiry.begin();
    for (let turns = 0; turns < 4; turns += 1) await turn();
    expect(await left()).toBe(1);
    await world.expire(week);
    expect(await left()).toBe(0);
  });
});

test('a clock that was set back removes nothing', async () => {
  await world.accept();
  world.clock.jump(-20 * day);
  await world.expire(week);
  expect(await world.keys()).toHaveLength(3);
});

test('a removal interrupted at any call is completed by sweep, and never loses the tombstone', async () => {
  for (let last = 1; last < 13; last += 1) {
    world = openWorld();
    const claim = 'c'.repeat(64);
    const job = await world.accept({ claim });
    await world.store.write(keys.claim(claim), json({ job: job.job, post: 'digest' }));
    await world.print(job, '1', 'sepia');
    await world.fail(job, '1', 'grayscale');
    let calls = 0;
    const broken = new Proxy(world.store, {
      get: (target, operation: 'write') => {
        const original = target[operation].bind(target);
        if (!['write', 'writeOnce', 'remove'].includes(operation)) return original;
        return async (...args: Parameters<typeof original>) => {
          calls += 1;
          if (calls >= last) throw new Error('The process is dead');
          return original(...args);
        };
      },
    });
    await removeJob(broken, job.job).catch(() => undefined);
    if (last > 2) expect(await world.keys(), `after ${last - 1} calls`).toContain(keys.gone(job.job));
    // At the first two calls nothing was promised yet: the person tries again.
    else await removeJob(world.store, job.job);
    await world.minutes(1);
    expect(await world.keys(), `after ${last - 1} calls`).toEqual([keys.claim(claim), keys.gone(job.job), keys.leaving(job.job)]);
    expect(await world.json(keys.claim(claim))).toEqual({ gone: true });
  }
});
