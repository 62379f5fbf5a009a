import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeExpired, removeJob, removeParts, withdrawIfGone } from '@darkroom/shared/job/remove';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { beforeEach, expect, test } from 'vitest';
import { memoryStore } from './support/memory-store.ts';

const claim = 'c'.repeat(64);
const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;

let store: Store;
beforeEach(() => {
  store = memoryStore();
});
const keysIn = async () => [...(await entriesOf(store, '')).keys()].sort();

/** A job with a part of every kind. */
async function accepted(digit = 1, changes: Partial<Job> = {}): Promise<string> {
  const photo = { image: '1', name: 'a.jpg', type: 'image/jpeg', bytes: 3, width: 1, height: 1 } as const;
  const job: Job = {
    job: id(digit),
    revision: 'ingest-v2',
    email: 'person@example.com',
    filters: ['sepia'],
    archive: true,
    options: {},
    images: [photo],
    acceptedAt: '2026-07-01T12:00:00.000Z',
    ...changes,
  };
  for (const key of [keys.original(job.job, photo), keys.print(job, photo, 'sepia'), keys.archive(job.job)])
    await store.write(key, Buffer.from('abc'));
  await store.write(keys.job(job.job), json(job));
  await store.write(keys.open(job.job), json({}));
  await store.write(keys.dead(job.job, '1', 'sepia'), json({}));
  await store.write(keys.cover(job.job), Buffer.from('abc'));
  if (job.claim) await store.write(keys.claim(job.claim), json({ job: job.job, post: 'digest' }));
  return job.job;
}

/** The store, with something that happens before each change to it. */
function watched(before: (operation: 'write' | 'remove', key: string) => void | Promise<void>): Store {
  return {
    ...store,
    write: async (key, content) => (await before('write', key), store.write(key, content)),
    writeOnce: async (key, content) => (await before('write', key), store.writeOnce(key, content)),
    remove: async (key) => (await before('remove', key), store.remove(key)),
  };
}

test('a removed job leaves its tombstone, for an hour what leads sweep to it, and nothing else, and its neighbours keep all that they have', async () => {
  await accepted(2);
  const before = await keysIn();
  await removeJob(store, await accepted(1));
  expect(await keysIn()).toEqual([...before, keys.gone(id(1)), keys.leaving(id(1))].sort());
});

test('the tombstone comes first, with what leads sweep to it, so that a stage at work learns of it before anything is missing', async () => {
  const job = await accepted();
  const changes: string[] = [];
  await removeJob(
    watched((_operation, key) => void changes.push(key)),
    job,
  );
  expect(changes.slice(0, 2)).toEqual([keys.leaving(job), keys.gone(job)]);
});

test('of an expired job only the tombstone is left', async () => {
  await removeExpired(store, await accepted());
  expect(await keysIn()).toEqual([keys.gone(id(1))]);
});

test('the claim says that its key was used, but no longer for which job', async () => {
  await removeJob(store, await accepted(1, { claim }));
  expect(await keysIn()).toEqual([keys.claim(claim), keys.gone(id(1)), keys.leaving(id(1))]);
  expect(await readJson(store, keys.claim(claim))).toEqual({ gone: true });
});

test('a claim that has expired is not written again', async () => {
  const job = await accepted(1, { claim });
  await store.remove(keys.claim(claim));
  await removeJob(store, job);
  expect(await keysIn()).toEqual([keys.gone(job), keys.leaving(job)]);
});

test('the claim is closed while job.json still names it: an interruption never leaves it open forever', async () => {
  const job = await accepted(1, { claim });
  const interrupted = watched((operation, key) => {
    if (operation === 'remove' && key === keys.job(job)) throw new Error('The process is dead');
  });
  await expect(removeJob(interrupted, job)).rejects.toThrow('dead');
  expect(await readJson(store, keys.claim(claim))).toEqual({ gone: true });
});

test('on a full disk the photos go first, and then there is room for the tombstone and the closed claim', async () => {
  const job = await accepted(1, { claim });
  const photos = () => keysIn().then((present) => present.filter((key) => /^jobs.*\.(jpg|zip)$/.test(key)));
  const full = watched(async (operation) => {
    if (operation === 'write' && (await photos()).length > 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  await removeJob(full, job);
  expect(await keysIn()).toEqual([keys.claim(claim), keys.gone(job), keys.leaving(job)]);
  expect(await readJson(store, keys.claim(claim))).toEqual({ gone: true });
});

test('a removal for which there is no room at all can be asked for again', async () => {
  const job = await accepted(1, { claim });
  let isFull = true;
  const full = watched((operation) => {
    if (operation === 'write' && isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  await expect(removeJob(full, job)).rejects.toThrow('no space left');
  expect(await keysIn()).toContain(keys.job(job));
  isFull = false;
  await removeJob(full, job);
  expect(await keysIn()).toEqual([keys.claim(claim), keys.gone(job), keys.leaving(job)]);
});

test('an upload that failed leaves no tombstone', async () => {
  await removeParts(store, await accepted());
  expect(await keysIn()).toEqual([]);
});

test('a damaged record can be deleted', async () => {
  const job = await accepted();
  await store.write(keys.job(job), Buffer.from('{"job": '));
  await removeJob(store, job);
  expect(await keysIn()).toEqual([keys.gone(job), keys.leaving(job)]);
});

test('what a stage writes for a deleted job is taken back, but for no other job', async () => {
  const job = await accepted();
  const before = await keysIn();
  expect(await withdrawIfGone(store, job)).toBe(false);
  expect(await keysIn()).toEqual(before);
  await removeJob(store, job);
  await store.write(keys.archive(job), Buffer.from('late'));
  expect(await withdrawIfGone(store, job)).toBe(true);
  expect(await keysIn()).toEqual([keys.gone(job), keys.leaving(job)]);
});
