import { type Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { entriesOf, type Store } from '@darkroom/shared/store';
import { takeLock } from '@darkroom/shared/store/lock';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '@darkroom/shared/clock';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';
import { packer } from '../src/packer.ts';

let lab: Lab;
let job: Job;

beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  job = await lab.accept({ filters: ['sepia'] });
  await lab.store.write(keys.print(job, job.images[0]!, 'sepia'), await photo());
});

/** The store, with something that happens right before each call of a kind. */
function interrupted(operation: 'read' | 'writeOnce', key: string, happen: () => Promise<void>): Store {
  return {
    ...lab.store,
    [operation]: async (...args: [never, never]) => {
      if (args[0] === key) await happen();
      return lab.store[operation](...args);
    },
  };
}
const left = async () => [...(await entriesOf(lab.store, '')).keys()].filter((key) => key.includes(job.job));

test.each([
  ['read', () => keys.original(job.job, job.images[0]!)],
  ['read', () => keys.print(job, job.images[0]!, 'sepia')],
  ['writeOnce', () => keys.archive(job.job)],
] as const)('a job that is deleted before its %s %# leaves nothing but its tombstone', async (operation, keyOf) => {
  const store = interrupted(operation, keyOf(), () => removeJob(lab.store, job.job));
  expect(await packer(store, systemClock)({ job: job.job })).toBeUndefined();
  expect(await left()).toEqual([keys.gone(job.job)]);
});

test('whoever waited for the lock finds the archive packed, and does not pack it again', async () => {
  let packs = 0;
  let second: ReturnType<ReturnType<typeof packer>> | undefined;
  const counting = interrupted('writeOnce', keys.archive(job.job), async () => void (packs += 1));
  let seen!: () => void;
  const waiting = new Promise<void>((resolve) => (seen = resolve));
  const watched = {
    ...counting,
    async *list(prefix: string) {
      yield* counting.list(prefix);
      if (prefix.includes('archive.lock')) seen();
    },
  };
  const held = {
    ...counting,
    async read(key: string) {
      if (key === keys.original(job.job, job.images[0]!)) {
        second ??= packer(watched, systemClock)({ job: job.job });
        await waiting;
      }
      return counting.read(key);
    },
  };
  expect((await packer(held, systemClock)({ job: job.job }))?.type).toContain('archive.created');
  expect((await second)?.type).toContain('archive.created');
  expect(packs).toBe(1);
});

test('a packer that has lost the lock by the end stores nothing', async () => {
  const store = interrupted('read', keys.original(job.job, job.images[0]!), async () => {
    await lab.store.writeOnce(`${keys.archiveLock(job.job)}/2`, Buffer.from('another'));
  });
  expect(await packer(store, systemClock)({ job: job.job })).toBeUndefined();
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('a failing store is a transient fault, and the next one need not wait', async () => {
  let failures = 0;
  const store = interrupted('read', keys.original(job.job, job.images[0]!), async () => {
    failures += 1;
    if (failures === 1) throw new Error('EIO');
  });
  const pack = packer(store, systemClock);
  await expect(pack({ job: job.job })).rejects.toThrow('EIO');
  expect((await pack({ job: job.job }))?.type).toContain('archive.created');
});

test('while another packs, nothing is done', async () => {
  const lock = (await takeLock(lab.store, keys.archiveLock(job.job), { clock: systemClock }))!;
  expect(await packer(lab.store, systemClock)({ job: job.job })).toBeUndefined();
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
  await lock.release();
});
