import { randomUUID } from 'node:crypto';
import { eventType } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { lockLease, takeLock } from '@darkroom/shared/store/lock';
import { beforeEach, expect, test } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { labWith } from '../../../packages/shared/test/support/lab.ts';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { packer } from '../src/packer.ts';

let lab: ReturnType<typeof labWith>;
let clock: TestClock;
let job: Job;

beforeEach(async () => {
  clock = testClock();
  lab = labWith(memoryStore());
  job = await lab.accept({ filters: ['sepia'] });
  await lab.store.write(keys.print(job, job.images[0]!, 'sepia'), Buffer.from('a print'));
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
/** The store, in which an archive that is packed waits to be written, and how many have come that far. */
function held() {
  const { promise: hold, resolve, reject } = Promise.withResolvers<void>();
  let packs = 0;
  const store = interrupted('writeOnce', keys.archive(job.job), async () => {
    packs += 1;
    await hold;
  });
  return { store, packs: () => packs, resolve, reject };
}
const left = async () => [...(await entriesOf(lab.store, '')).keys()].filter((key) => key.includes(job.job));

test.each([
  ['read', () => keys.original(job.job, job.images[0]!)],
  ['read', () => keys.print(job, job.images[0]!, 'sepia')],
  ['writeOnce', () => keys.archive(job.job)],
] as const)('a job that is deleted before its %s %# leaves nothing but its tombstone', async (operation, keyOf) => {
  const store = interrupted(operation, keyOf(), () => removeJob(lab.store, job.job));
  expect(await packer(store, clock)({ job: job.job })).toBeUndefined();
  expect((await left()).sort()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
});

test('whoever waited for the lock finds the archive packed, and does not pack it again', async () => {
  const { store: slow, packs, resolve } = held();
  const first = packer(slow, clock)({ job: job.job });
  await expect.poll(packs).toBe(1);
  const second = packer(slow, clock)({ job: job.job });
  // It looks, and has seen no sign of life yet.
  await clock.advance(lockLease / 8);
  resolve();
  expect(await first).toMatchObject({ type: eventType.archiveCreated, job: job.job });
  await clock.advance(lockLease);
  expect(await second).toMatchObject({ type: eventType.archiveCreated, job: job.job });
  expect(packs()).toBe(1);
});

test('of two deliveries to one process, one packs and publishes, and the other waits for no lock', async () => {
  const { store: slow, packs, resolve } = held();
  const pack = packer(slow, clock);
  const first = pack({ job: job.job });
  await expect.poll(packs).toBe(1);
  const second = pack({ job: job.job });
  resolve();
  expect(await first).toMatchObject({ type: eventType.archiveCreated, job: job.job });
  expect(await second).toBeUndefined();
  expect(packs()).toBe(1);
});

test('if the one fails, so does the other: both are delivered again', async () => {
  const { store: failing, packs, reject } = held();
  const pack = packer(failing, clock);
  const both = [pack({ job: job.job })];
  await expect.poll(packs).toBe(1);
  both.push(pack({ job: job.job }));
  reject(new Error('the disk is full'));
  await Promise.all(both.map((each) => expect(each).rejects.toThrow('the disk is full')));
  expect(await packer(lab.store, clock)({ job: job.job })).toMatchObject({ type: eventType.archiveCreated });
});

test('four archives are packed at once; those that wait for the lock of a process that died do not count', async () => {
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  const jobs = await Promise.all(Array.from({ length: 12 }, () => lab.accept({ filters: ['sepia'] })));
  for (const each of jobs) await lab.store.write(keys.print(each, each.images[0]!, 'sepia'), Buffer.from('a print'));
  for (const each of jobs.slice(0, 6)) await lab.store.write(`${keys.archiveLock(each.job)}/1`, Buffer.from('it died'));
  const packing = new Set<string>();
  const pack = packer(
    {
      ...lab.store,
      writeOnce: async (key, content) => {
        if (key.endsWith('.zip')) {
          packing.add(key);
          await hold;
        }
        return lab.store.writeOnce(key, content);
      },
    },
    clock,
  );
  const all = Promise.all(jobs.map(({ job: id }) => pack({ job: id })));
  await expect.poll(() => packing.size).toBe(4);
  expect([...packing].sort()).toEqual(
    jobs
      .slice(6, 10)
      .map(({ job: id }) => keys.archive(id))
      .sort(),
  );
  await clock.advance(2 * lockLease);
  expect(packing.size).toBe(4);
  resolve();
  expect(await all).toEqual(jobs.map(({ job: id }) => expect.objectContaining({ type: eventType.archiveCreated, job: id })));
});

test('however long it takes to pack, whoever packs keeps the lock', async () => {
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  let reads = 0;
  const slow = interrupted('read', keys.original(job.job, job.images[0]!), async () => {
    reads += 1;
    await hold;
  });
  const first = packer(slow, clock)({ job: job.job });
  await expect.poll(() => reads).toBe(1);
  await clock.advance(10 * lockLease);
  const second = packer(slow, clock)({ job: job.job });
  await clock.advance(2 * lockLease);
  expect(await second).toBeUndefined();
  resolve();
  expect(await first).toMatchObject({ type: eventType.archiveCreated });
  expect(reads).toBe(1);
});

test('a packer that has lost the lock by the end stores nothing', async () => {
  const store = interrupted('read', keys.original(job.job, job.images[0]!), async () => {
    await lab.store.writeOnce(`${keys.archiveLock(job.job)}/2`, Buffer.from('another'));
  });
  expect(await packer(store, clock)({ job: job.job })).toBeUndefined();
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('a failing store is a transient fault, and the next one need not wait', async () => {
  let failures = 0;
  const store = interrupted('read', keys.original(job.job, job.images[0]!), async () => {
    failures += 1;
    if (failures === 1) throw new Error('EIO');
  });
  const pack = packer(store, clock);
  await expect(pack({ job: job.job })).rejects.toThrow('EIO');
  expect((await pack({ job: job.job }))?.type).toBe(eventType.archiveCreated);
});

test('while another packs, nothing is done', async () => {
  await takeLock(lab.store, keys.archiveLock(job.job), { clock });
  const asked = packer(lab.store, clock)({ job: job.job });
  await clock.advance(2 * lockLease);
  expect(await asked).toBeUndefined();
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('a job that wants no archive gets none, nor does one that is not there', async () => {
  await lab.store.write(keys.job(job.job), json({ ...job, archive: false }));
  expect(await packer(lab.store, clock)({ job: job.job })).toBeUndefined();
  expect(await packer(lab.store, clock)({ job: randomUUID() })).toBeUndefined();
  expect((await lab.keys()).filter((key) => key.includes('archive'))).toEqual([]);
});

test('nothing is packed before the last print is there, nor where there is none', async () => {
  const print = keys.print(job, job.images[0]!, 'sepia');
  await lab.store.remove(print);
  expect(await packer(lab.store, clock)({ job: job.job })).toBeUndefined();
  await lab.store.writeOnce(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'damaged' }));
  expect(await packer(lab.store, clock)({ job: job.job })).toMatchObject({ type: eventType.archiveCreated });
  expect((await lab.keys()).filter((key) => key.includes('archive'))).toEqual([]);
});

test('where there can be no archive, the reason is stored once, and the job goes on', async () => {
  await lab.store.remove(keys.original(job.job, job.images[0]!));
  for (let delivery = 0; delivery < 2; delivery += 1)
    expect(await packer(lab.store, clock)({ job: job.job })).toMatchObject({ type: eventType.archiveCreated });
  expect(await readJson(lab.store, keys.archiveRejection(job.job))).toEqual({
    reason: expect.stringContaining('is damaged in the store') as string,
  });
});

test('a packer that finds a file damaged after it has lost the lock blames nobody', async () => {
  const { promise: hold, resolve } = Promise.withResolvers<void>();
  let reads = 0;
  const frozen = testClock();
  const original = keys.original(job.job, job.images[0]!);
  const store = {
    ...lab.store,
    async read(key: string) {
      if (key !== original) return lab.store.read(key);
      reads += 1;
      await hold;
      return undefined;
    },
    async write(key: string, content: Uint8Array) {
      if (key.startsWith(keys.archiveLock(job.job))) throw new Error('EIO');
      return lab.store.write(key, content);
    },
  };
  const packing = packer(store, frozen)({ job: job.job });
  await expect.poll(() => reads).toBe(1);
  // It cannot renew its lock.
  await frozen.advance(lockLease);
  resolve();
  expect(await packing).toBeUndefined();
  expect(await lab.store.stat(keys.archiveRejection(job.job))).toBeUndefined();
});
