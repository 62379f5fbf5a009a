import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { mayBeDeveloped, progressOf, readProgress } from '@darkroom/shared/job/progress';
import type { Entry, Store } from '@darkroom/shared/store';
import { describe, expect, test } from 'vitest';
import { memoryStore } from './support/memory-store.ts';

const photo = (image: string) => ({ image, name: 'a.bmp', type: 'image/bmp', bytes: 3, width: 1, height: 1 }) as const;
const job: Job = {
  job: '00000000-0000-4000-8000-000000000001',
  revision: 'ingest-v2',
  email: 'person@example.com',
  filters: ['grayscale', 'sepia'],
  archive: true,
  options: {},
  images: [photo('1'), photo('2')],
  acceptedAt: '2026-07-01T12:00:00.000Z',
};
const id = job.job;

/** Keys that exist, each a second newer than the one before. */
function present(...existing: string[]): Map<string, Entry> {
  return new Map(existing.map((key, index) => [key, { key, size: index + 10, modified: new Date((index + 1) * 1000) }]));
}
const print = (image: string, filter: string) => keys.print(job, photo(image), filter);
const rejected = (image: string, filter: string) => keys.rejection(id, image, filter);
const prints = [print('1', 'grayscale'), print('1', 'sepia'), print('2', 'grayscale'), print('2', 'sepia')];
const rejections = [rejected('1', 'grayscale'), rejected('1', 'sepia'), rejected('2', 'grayscale'), rejected('2', 'sepia')];
const archive = keys.archive(id);
const noArchive = keys.archiveRejection(id);
const completed = keys.completed(id);

describe('what a job still waits for', () => {
  const done = { developed: true, anySucceeded: true, packed: true, completed: false };
  test.each<[string, Partial<Job>, string[], object]>([
    ['nothing is made yet', {}, [], { developed: false, anySucceeded: false, packed: false, completed: false, settled: 0 }],
    ['one print is missing', {}, prints.slice(1), { developed: false, anySucceeded: true, packed: false, settled: 3 }],
    ['all prints are made', {}, prints, { ...done, packed: false, settled: 4 }],
    ['one of them was rejected', {}, [...prints.slice(1), rejections[0]!], { ...done, made: 'some', packed: false, settled: 4 }],
    ['the archive is packed', {}, [...prints, archive], { ...done, made: 'all', settled: 5 }],
    ['the archive cannot be packed', {}, [...prints, noArchive], { ...done, made: 'some', settled: 5 }],
    ['no archive was asked for', { archive: false }, prints, { ...done, made: 'all', settled: 4 }],
    ['there is nothing to pack', {}, rejections, { ...done, anySucceeded: false, made: 'none', settled: 4 }],
    ['an archive came before the last print', {}, [...prints.slice(1), archive], { developed: false, packed: false, settled: 4 }],
    ['no archive, and a print is missing', { archive: false }, prints.slice(1), { developed: false, packed: false, settled: 3 }],
    ['the mail is sent', {}, [...prints, archive, completed], { ...done, completed: true, settled: 6 }],
  ])('%s', (_kind, changes, existing, expected) => {
    expect(progressOf({ ...job, ...changes }, present(...existing))).toMatchObject(expected);
  });
});

test('a print exists, or was rejected, or is still to come; once it exists, an earlier rejection counts for nothing', () => {
  const found = progressOf(job, present(print('1', 'grayscale'), rejected('1', 'grayscale'), rejected('2', 'sepia')));
  expect(found.prints).toEqual([
    { photo: photo('1'), filter: 'grayscale', key: prints[0], type: 'image/png', status: 'succeeded', bytes: 10 },
    { photo: photo('1'), filter: 'sepia', key: prints[1], type: 'image/png', status: 'pending' },
    { photo: photo('2'), filter: 'grayscale', key: prints[2], type: 'image/png', status: 'pending' },
    { photo: photo('2'), filter: 'sepia', key: prints[3], type: 'image/png', status: 'rejected' },
  ]);
});

test('prints have the format that was asked for', () => {
  const webp = { ...job, options: { format: 'image/webp' } } as const;
  expect(progressOf(webp, present()).prints[0]).toMatchObject({
    type: 'image/webp',
    key: keys.print(webp, photo('1'), 'grayscale'),
  });
});

test('the archive is reported with its size', () => {
  expect(progressOf(job, present(...prints, archive)).archive).toMatchObject({ key: archive, size: 14 });
  expect(progressOf(job, present(...prints))).not.toHaveProperty('archive');
});

describe('when a job last made progress', () => {
  const original = keys.original(id, photo('2'));
  test.each([
    ['a record', keys.job(id)],
    ['a photo', original],
    ['a print', prints[3]!],
    ['a rejected print', rejections[0]!],
    ['the archive', archive],
    ['a rejected archive', noArchive],
    ['the end', completed],
  ])('%s is progress', (_part, key) => {
    expect(progressOf(job, present('x', key)).lastProgress).toEqual(new Date(2000));
    // The newest counts, wherever a listing has it.
    const older = { key: keys.job(id), size: 1, modified: new Date(1000) };
    expect(progressOf(job, present('x', key).set(older.key, older)).lastProgress).toEqual(
      new Date(key === older.key ? 1000 : 2000),
    );
  });

  test.each([
    ['the record of a mail', keys.mail(id)],
    ['a lock', `${keys.mailLock(id)}/1`],
    ['a print of another filter', keys.print(job, photo('1'), 'blur')],
    ['a photo that the job does not have', keys.original(id, photo('3'))],
  ])('%s is not', (_part, key) => {
    expect(progressOf(job, present(keys.job(id), key)).lastProgress).toEqual(new Date(1000));
  });
});

describe('whoever packs or mails gives signs of life', () => {
  test.each([
    ['the packer', [`${keys.archiveLock(id)}/3`], 1000],
    ['the mailer', [`${keys.mailLock(id)}/1`], 1000],
    ['both: the later counts', [`${keys.archiveLock(id)}/1`, `${keys.mailLock(id)}/1`], 2000],
  ])('%s', (_who, locks, time) => {
    expect(progressOf(job, present(...locks, keys.job(id))).lastSign).toEqual(new Date(time));
  });

  test('a key that merely begins like a lock is no sign of life, and without a lock there is none', () => {
    const neighbours = present(keys.job(id), keys.mail(id), `${keys.mailLock(id)}smith`, `jobs/x/mail.lock/1`);
    expect(progressOf(job, neighbours)).not.toHaveProperty('lastSign');
  });
});

test('progress is read from the keys of the job alone', async () => {
  const store = memoryStore(() => 5000);
  const other = { ...job, job: '00000000-0000-4000-8000-000000000002' };
  await store.write(keys.print(other, photo('1'), 'sepia'), Buffer.from('other'));
  await store.write(print('1', 'sepia'), Buffer.from('print'));
  expect(await readProgress(store, job)).toMatchObject({ settled: 1, lastProgress: new Date(5000) });
});

describe('whether a job may be developed', () => {
  const many = { ...job, images: Array.from({ length: 50 }, (_, index) => photo(String(index + 1))) };

  /** How many calls of a store it takes to find out after each of the prints. */
  async function calls(order: Photo[]): Promise<{ asked: number; listed: number }> {
    const store = memoryStore();
    const counted = { asked: 0, listed: 0 };
    const stat: Store['stat'] = (key) => {
      counted.asked += 1;
      return store.stat(key);
    };
    for (const one of order) {
      for (const filter of many.filters) await store.write(keys.print(many, one, filter), Buffer.from('print'));
      const isLast = one === order.at(-1);
      const may = await mayBeDeveloped({ ...store, stat }, many);
      if (may) counted.listed += 1;
      expect((await readProgress(store, many)).developed).toBe(isLast);
      if (isLast) expect(may).toBe(true);
    }
    return counted;
  }

  test('the last photo tells, where they come in order', async () => {
    expect(await calls(many.images)).toEqual({ asked: 2 * 49 + 6 * many.filters.length, listed: 1 });
  });

  test('in whatever order they come, few are asked for', async () => {
    const backwards = await calls(many.images.toReversed());
    expect(backwards.listed).toBe(1);
    expect(backwards.asked).toBeLessThan(50 * 6 * many.filters.length);
    const [even, odd] = [0, 1].map((rest) => many.images.filter(({ image }) => Number(image) % 2 === rest));
    expect((await calls([...odd!, ...even!])).listed).toBe(1);
    expect((await calls([...even!, ...odd!])).listed).toBeLessThan(50 / 3);
  });

  test('a print that was rejected is not missing', async () => {
    const store = memoryStore();
    for (const { image } of many.images)
      for (const filter of many.filters) await store.write(keys.rejection(many.job, image, filter), Buffer.from('{}'));
    expect(await mayBeDeveloped(store, many)).toBe(true);
    await store.remove(keys.rejection(many.job, '50', many.filters[0]!));
    expect(await mayBeDeveloped(store, many)).toBe(false);
  });
});
