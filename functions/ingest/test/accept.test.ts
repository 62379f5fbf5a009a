import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keys } from '@darkroom/shared/job/keys';
import { readJson, type Store } from '@darkroom/shared/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
    begunAt: 0,
    claim: 'c'.repeat(64),
    arrivals,
    refused: [],
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
  // And once more, where job.json is there already.
  await accept(lab.store, settings(), testClock(), post).catch(() => {});
  expect((await lab.keys()).filter((key) => !key.startsWith('gone/'))).toEqual([]);
});

test('an hour begins with the clock', async () => {
  const clock = testClock(Date.parse('2026-07-01T12:59:30Z'));
  const quota = openQuota(lab.store, 2, clock);
  await Promise.all([quota.take('a@example.org'), quota.take('A+tag@example.org')]);
  await expect(quota.take('a@example.org')).rejects.toMatchObject({ status: 429, retryAfter: 30 });
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
