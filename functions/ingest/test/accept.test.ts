import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keys } from '@darkroom/shared/job/keys';
import { readJson, type Store } from '@darkroom/shared/store';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';
import { readSettings } from '../src/settings.ts';
import { accept, type Post } from '../src/upload/accept.ts';
import { openQuota } from '../src/upload/quota.ts';

let lab: Lab;
let post: Post;
const id = '00000000-0000-0000-0000-000000000001';
beforeEach(async () => {
  lab = await openLab();
  const file = join(lab.environment['TMPDIR']!, 'upload');
  await writeFile(file, await photo());
  const photos = ['1', '2'].map((image) => ({ image, name: 'a', type: 'image/jpeg' as const, bytes: 1, width: 1, height: 1 }));
  const arrivals = photos.map((each) => ({ photo: each, file, digest: '' }));
  post = {
    id,
    locale: 'en',
    begunAt: 0,
    claim: 'c'.repeat(64),
    arrivals,
    refused: [],
    taken: [],
    wishes: { email: 'a@example.org', options: {}, wait: 0 },
  };
});
afterEach(() => lab.close());

const settings = () => readSettings({ ...lab.environment, FILTERS: 'sepia' });

/** The store, and what is done before each of its writes. */
function watched(before: (key: string) => unknown): Store {
  return {
    ...lab.store,
    async write(key, content) {
      await before(key);
      return lab.store.write(key, content);
    },
    async writeOnce(key, content) {
      await before(key);
      return lab.store.writeOnce(key, content);
    },
  };
}

test('originals come first, then the job, then the open marker; the time comes from the clock', async () => {
  const written: string[] = [];
  const clock = testClock();
  await accept(
    watched((key) => written.push(key)),
    settings(),
    clock,
    post,
  );
  expect(written.slice(0, 2).toSorted()).toEqual([1, 2].map((image) => `jobs/${id}/${image}/original.jpg`));
  expect(written.slice(2)).toEqual([keys.job(id), keys.open(id)]);
  expect(await readJson(lab.store, keys.open(id))).toEqual({ acceptedAt: new Date(clock.now()).toISOString() });
});

test.each(['job', 'open'] as const)('a job that is deleted before its %s is written leaves nothing', async (part) => {
  const store = watched(async (key) => {
    // As removeJob does: the tombstone before all else.
    if (key === keys[part](id)) await lab.store.write(keys.gone(id), Buffer.from('{}'));
  });
  await expect(accept(store, settings(), testClock(), post)).rejects.toMatchObject({ status: 410 });
  expect((await lab.keys()).filter((key) => !key.startsWith('gone/'))).toEqual([]);
  // And once more, with job.json there already.
  await accept(lab.store, settings(), testClock(), post).catch(() => {});
  expect((await lab.keys()).filter((key) => !key.startsWith('gone/'))).toEqual([]);
});

test('an hour begins on the hour', async () => {
  const clock = testClock(Date.parse('2026-07-01T12:59:30Z'));
  const quota = openQuota(lab.store, 2, clock);
  await Promise.all([quota.take('a@example.org'), quota.take('A+tag@example.org')]);
  await expect(quota.take('a@example.org')).rejects.toMatchObject({
    status: 429,
    retryAfter: 30,
    message: expect.stringContaining('already had 2 jobs this hour'),
  });
  await quota.take('b@example.org');
  await clock.advance(30_000);
  await (
    await quota.take('a@example.org')
  )();
  await Promise.all([quota.take('a@example.org'), quota.take('a@example.org')]);
  await expect(quota.take('a@example.org')).rejects.toMatchObject({ retryAfter: 3600 });
});

test('of many at once, exactly as many succeed as there are places', async () => {
  const quotas = [1, 2, 3].map(() => openQuota(lab.store, 5, testClock()));
  const ends = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => quotas[index % 3]!.take('a@example.org')));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
});

test('no more than four originals are written at once', async () => {
  const photos = Array.from({ length: 9 }, (_, index) => ({ ...post.arrivals[0]!.photo, image: String(index + 1) }));
  post.arrivals = photos.map((each) => ({ ...post.arrivals[0]!, photo: each }));
  let [writing, most] = [0, 0];
  const store: Store = {
    ...lab.store,
    async write(key, content) {
      writing += 1;
      most = Math.max(most, writing);
      await lab.store.write(key, content);
      writing -= 1;
    },
  };
  await accept(store, settings(), testClock(), post);
  expect(most).toBe(4);
  expect((await lab.keys()).filter((key) => key.includes('original'))).toHaveLength(9);
});

test.each([
  ['its first original', `jobs/${id}/1/original.jpg`],
  ['job.json', keys.job(id)],
  ['the open marker', keys.open(id)],
])('a job that fails at %s leaves nothing, and nothing more of it is written', async (_what, last) => {
  const fault = new Error('EIO');
  let removing = false;
  const store: Store = {
    ...watched(async (key) => {
      if (key === last) throw fault;
      // The other original is slow.
      await new Promise((resolve) => setImmediate(resolve));
      expect(removing).toBe(false);
    }),
    async remove(key) {
      removing = true;
      await lab.store.remove(key);
    },
  };
  await expect(accept(store, settings(), testClock(), { ...post, claim: undefined })).rejects.toBe(fault);
  expect(await lab.keys()).toEqual([]);
});

test('if the clean-up fails as well, the first fault is reported, and the log names what is left', async () => {
  const logged = vi.spyOn(console, 'log').mockImplementation(() => {});
  const fault = new Error('EIO');
  const store: Store = {
    ...lab.store,
    writeOnce: () => Promise.reject(fault),
    list() {
      throw new Error('EIO again');
    },
  };
  await expect(accept(store, settings(), testClock(), { ...post, claim: undefined })).rejects.toBe(fault);
  expect(logged.mock.calls).toEqual([[`could not clean up job=${id} error="EIO again"`]]);
  logged.mockRestore();
});

test('a job that another post may be writing is left to it', async () => {
  const fault = new Error('EIO');
  const store = watched((key) => {
    if (key === keys.open(id)) throw fault;
  });
  await expect(accept(store, settings(), testClock(), post)).rejects.toBe(fault);
  expect(await lab.keys()).toContain(keys.job(id));
  // The client posts again.
  expect(await accept(lab.store, settings(), testClock(), post)).toMatchObject({ job: id });
  expect(await lab.keys()).toContain(keys.open(id));
});

test('of two posts of one job, the first to write it decides, and the other is told', async () => {
  let other: Promise<unknown> | undefined;
  const store = watched(async (key) => {
    if (key === keys.job(id)) await (other ??= accept(lab.store, settings(), testClock(0), post));
  });
  const job = await accept(store, settings(), testClock(), post);
  expect(job).toEqual(await other);
  expect(job.acceptedAt).toBe(new Date(0).toISOString());
  expect(await readJson(lab.store, keys.open(id))).toEqual({ acceptedAt: job.acceptedAt });
});

test('what was asked for, and what was turned down, is in the job; a job without a claim has none', async () => {
  const refused = [{ name: 'b.txt', reason: 'It is no image.', status: 415, reasonClass: 'unsupported' }];
  const wishes = { email: 'a@example.org', options: { quality: 70 }, wait: 30 };
  const logged = vi.spyOn(console, 'log').mockImplementation(() => {});
  const two = { ...settings(), FILTERS: ['sepia', 'grayscale'] };
  const clock = testClock();
  const begunAt = clock.now() - 70;
  const job = await accept(lab.store, two, clock, { ...post, claim: undefined, refused, wishes, begunAt });
  expect(logged.mock.calls).toEqual([[`accepted job=${id} images=2 refused=1 bytes=2 filters=sepia+grayscale ms=70`]]);
  logged.mockRestore();
  expect(job).toStrictEqual({
    job: id,
    revision: 'local',
    locale: 'en',
    email: 'a@example.org',
    filters: ['sepia', 'grayscale'],
    archive: false,
    options: { quality: 70 },
    images: post.arrivals.map(({ photo: each }) => each),
    refused: [{ name: 'b.txt', reason: 'It is no image.' }],
    acceptedAt: '2026-07-01T12:00:00.000Z',
  });
  expect(await readJson(lab.store, keys.job(id))).toEqual(job);
});

test('a job with a key names its claim, and without refused photos it has no list of them', async () => {
  const job = await accept(lab.store, settings(), testClock(), post);
  expect(job.claim).toBe(post.claim);
  expect(job).not.toHaveProperty('refused');
});

test('a place that was given back can be taken again, and 0 places means any number', async () => {
  const quota = openQuota(lab.store, 2, testClock());
  const giveBack = await quota.take('a@example.org');
  await quota.take('a@example.org');
  await giveBack();
  await quota.take('a@example.org');
  await expect(quota.take('a@example.org')).rejects.toMatchObject({ status: 429 });
  const free = openQuota(lab.store, 0, testClock());
  for (let count = 0; count < 5; count += 1) await (await free.take('b@example.org'))();
  expect((await lab.keys()).filter((key) => key.startsWith('quota/'))).toHaveLength(2);
});

test.each([
  ['Ada@Example.org', 'ada@example.org', true],
  ['ada+1@example.org', 'ada+2+3@example.org', true],
  ['ada@example.org', 'ada@example.com', false],
  ['ada@example.org', 'bada@example.org', false],
  ['ada+1@example.org', 'adb+1@example.org', false],
])('%s and %s share a mailbox: %s', async (one, other, shared) => {
  const quota = openQuota(lab.store, 1, testClock());
  await quota.take(one);
  const second = await quota.take(other).catch(() => undefined);
  expect(second === undefined).toBe(shared);
});

test('a job that is complete is not opened again, and one that is deleted at this moment is not accepted', async () => {
  await accept(lab.store, settings(), testClock(), post);
  await lab.store.remove(keys.open(id));
  const store = watched(async (key) => {
    if (key === keys.open(id)) await lab.store.write(keys.gone(id), Buffer.from('{}'));
  });
  await expect(accept(store, settings(), testClock(), post)).rejects.toMatchObject({ status: 410 });
  expect((await lab.keys()).filter((key) => key.includes(id))).toEqual([keys.gone(id)]);

  await lab.store.remove(keys.gone(id));
  await accept(lab.store, settings(), testClock(), post);
  await lab.store.write(keys.completed(id), Buffer.from('{}'));
  await lab.store.remove(keys.open(id));
  await accept(lab.store, settings(), testClock(), post);
  expect(await lab.keys()).not.toContain(keys.open(id));
});
