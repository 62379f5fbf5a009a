import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json } from '@darkroom/shared/store';
import { beforeEach, expect, test } from 'vitest';
import { hour, minute, openWorld, type World } from './world.ts';

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

test('what comes late for a deleted job goes within the next pings, or with the next hour', async () => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.print(job, '1', 'sepia');
  await world.store.write(keys.dead(job.job, '1', 'sepia'), json({}));
  await world.store.write(`${keys.mailLock(job.job)}/1`, json({}));
  await world.minutes(1);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
  await world.clock.advance(2 * hour);
  await world.print(job, '1', 'sepia');
  await world.expire(week);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
});

test('what came late goes together with a tombstone that is as old', async () => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.print(job, '1', 'sepia');
  await world.clock.advance(8 * day);
  await world.expire(week);
  expect(await world.keys()).toEqual([]);
});

test('a clock that was set back removes nothing', async () => {
  await world.accept();
  world.clock.jump(-20 * day);
  await world.expire(week);
  expect(await world.keys()).toHaveLength(3);
});

test('a removal interrupted at any call is completed by sweep, and never loses the tombstone', async () => {
  for (let last = 1; last < 12; last += 1) {
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
    if (last > 1) expect(await world.keys(), `after ${last - 1} calls`).toContain(keys.gone(job.job));
    // At the first call nothing was promised yet: the person tries again.
    else await removeJob(world.store, job.job);
    await world.minutes(1);
    expect(await world.keys(), `after ${last - 1} calls`).toEqual([keys.claim(claim), keys.gone(job.job)]);
    expect(await world.json(keys.claim(claim))).toEqual({ gone: true });
  }
});
