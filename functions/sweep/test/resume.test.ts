import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { removeJob } from '@darkroom/shared/job/remove';
import { json } from '@darkroom/shared/store';
import { takeLock } from '@darkroom/shared/store/lock';
import { beforeEach, expect, test } from 'vitest';
import { hour, minute, openWorld, second, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});

test('a job that stands still is resumed; one that makes progress is left alone', async () => {
  const job = await world.accept();
  await world.clock.advance(29 * second);
  await world.sweep();
  expect(world.emitted()).toEqual([]);
  await world.clock.advance(second);
  await world.sweep();
  expect(world.emitted()).toEqual(['image.uploaded 1 grayscale sepia']);
  await world.clock.advance(minute);
  await world.print(job, '1', 'grayscale');
  await world.clock.advance(25 * second);
  await world.sweep();
  expect(world.emitted()).toEqual([]);
  await world.clock.advance(minute);
  await world.sweep();
  expect(world.emitted()).toEqual(['image.uploaded 1 sepia']);
});

test('it is the last progress that counts, not the time of acceptance', async () => {
  const acceptedAt = new Date(world.clock.now() - 48 * hour).toISOString();
  await world.accept({ acceptedAt });
  await world.sweep();
  expect(world.emitted()).toEqual([]);
});

test('a job that waits in a queue is resumed less and less often', async () => {
  await world.accept();
  expect(await world.minutes(60, { deadlineSeconds: 24 * 3600 })).toEqual([
    1, 2, 3, 4, 5, 7, 11, 15, 19, 23, 27, 31, 35, 39, 43, 47, 51, 55, 59,
  ]);
});

test('progress ends the pauses', async () => {
  const job = await world.accept();
  await world.minutes(7);
  expect((await world.watch(job)).rounds).toBe(6);
  await world.print(job, '1', 'sepia');
  await world.minutes(5);
  expect((await world.watch(job)).rounds).toBeLessThan(3);
});

test('past the deadline the prints that are missing are refused, then the archive, then the mail', async () => {
  const job = await world.accept();
  await world.print(job, '1', 'grayscale');
  await world.minutes(59);
  expect(await world.json(keys.rejection(job.job, '1', 'sepia'))).toBeUndefined();
  // One step per look, without the pauses of a job that still has time.
  await world.minutes(8);
  expect(await world.json(keys.rejection(job.job, '1', 'grayscale'))).toBeUndefined();
  expect(await world.json(keys.rejection(job.job, '1', 'sepia'))).toMatchObject({ reason: expect.stringContaining('in time') });
  expect(await world.json(keys.archiveRejection(job.job))).toMatchObject({ reason: expect.stringContaining('in time') });
  expect(await world.json(keys.completed(job.job))).toMatchObject({
    status: 'completed',
    mail: 'failed',
    // Nobody has tried to send it.
    mailReason: expect.stringContaining('could not be sent in time'),
  });
  expect(await world.keys()).not.toContain(keys.open(job.job));
  expect(world.emitted().at(-1)).toBe('job.completed');
});

test('past the deadline, a job without an address ends without a mail', async () => {
  const job = await world.accept({ email: '', filters: ['sepia'], archive: false });
  await world.print(job, '1', 'sepia');
  await world.minutes(70);
  expect(await world.json(keys.completed(job.job))).toEqual({
    status: 'completed',
    completedAt: expect.any(String),
    mail: 'none',
  });
});

test('after the refused prints, archive and mail have their chance', async () => {
  const job = await world.accept();
  world.onEmit = async ({ type }) => {
    if (type.endsWith('filter.finished')) await world.store.writeOnce(keys.archive(job.job), Buffer.from('zip'));
    if (type.endsWith('archive.created'))
      await world.store.writeOnce(keys.completed(job.job), json({ status: 'failed', completedAt: '', mail: 'sent' }));
  };
  await world.minutes(80);
  expect(await world.json(keys.completed(job.job))).toMatchObject({ mail: 'sent' });
});

test('a mail that may have arrived is not said to be lost', async () => {
  const job = await world.accept({ filters: ['sepia'], archive: false });
  await world.print(job, '1', 'sepia');
  await world.store.write(keys.mail(job.job), json({ failures: 2, unsure: 1, pauseSeconds: 60, linksOnly: false }));
  await world.minutes(90);
  expect(await world.json(keys.completed(job.job))).toMatchObject({
    mail: 'failed',
    mailReason: expect.stringContaining('may have arrived'),
  });
});

test('a job without a single print ends as failed', async () => {
  const job = await world.accept({ archive: false });
  await world.minutes(90);
  expect(await world.json(keys.completed(job.job))).toMatchObject({ status: 'failed', mail: 'failed' });
});

test('slow progress never ends a job, however long it takes in all', async () => {
  const images = Array.from({ length: 6 }, (_, index) => ({
    image: String(index + 1),
    name: 'a.jpg',
    type: 'image/jpeg' as const,
    bytes: 3,
    width: 1,
    height: 1,
  }));
  const job = await world.accept({ images, filters: ['sepia'] });
  for (const { image } of images) {
    await world.minutes(50);
    await world.print(job, image, 'sepia');
  }
  expect((await world.keys()).filter((key) => key.includes('rejected'))).toEqual([]);
});

test.each([-24 * hour, 24 * hour])('a clock that jumps by %i ms ends no job, and none is left standing', async (leap) => {
  const job = await world.accept();
  await world.minutes(1);
  world.clock.jump(leap);
  world.emitted();
  const active = await world.minutes(5);
  expect(active[0]).toBeLessThanOrEqual(2);
  expect((await world.keys()).filter((key) => key.includes('rejected'))).toEqual([]);
  expect((await world.watch(job)).idleSeconds).toBeLessThan(20 * 60);
});

test('hours in which sweep did not run do not count as standing still', async () => {
  const job = await world.accept();
  await world.clock.advance(5 * hour);
  await world.minutes(2);
  expect((await world.keys()).filter((key) => key.includes('rejected'))).toEqual([]);
  expect((await world.watch(job)).idleSeconds).toBeLessThan(10 * 60);
});

test('whoever packs or mails is left alone while alive, but still ends at the deadline', async () => {
  const job = await world.accept({ filters: ['sepia'] });
  await world.print(job, '1', 'sepia');
  const lock = (await takeLock(world.store, keys.archiveLock(job.job), { clock: world.clock }))!;
  await world.minutes(10);
  expect(world.emitted()).toEqual([]);
  await world.minutes(70);
  expect(await world.json(keys.archiveRejection(job.job))).toBeDefined();
  await lock.release();
});

test.each(['archive', 'mail'] as const)('whoever died at the %s is replaced once there is no sign of life', async (step) => {
  const job = await world.accept({ filters: ['sepia'], archive: step === 'archive' });
  await world.print(job, '1', 'sepia');
  const lock = step === 'archive' ? keys.archiveLock(job.job) : keys.mailLock(job.job);
  await world.clock.advance(minute - 5 * second);
  await world.store.write(`${lock}/1`, json({}));
  await world.clock.advance(5 * second);
  await world.sweep();
  expect(world.emitted()).toEqual([]);
  await world.minutes(1);
  expect(world.emitted()).toEqual(['filter.finished 1 sepia']);
});

test('a job that has ended is not given up once more', async () => {
  const job = await world.accept();
  await world.store.write(keys.completed(job.job), json({ status: 'completed', completedAt: '', mail: 'sent' }));
  await world.minutes(1, { deadlineSeconds: 1 });
  expect((await world.keys()).filter((key) => key.includes('rejected'))).toEqual([]);
});

test('of several photos, those that have all their prints are not sent again', async () => {
  const images = ['1', '2', '3'].map(
    (image) => ({ image, name: 'a.jpg', type: 'image/jpeg', bytes: 3, width: 1, height: 1 }) as const,
  );
  const job = await world.accept({ images });
  const prints = images.flatMap(({ image }) => ['grayscale', 'sepia'].map((filter) => [image, filter] as const));
  for (const [image, filter] of prints.slice(0, 3)) await world.print(job, image, filter);
  await world.minutes(1);
  expect(world.emitted()).toEqual(['image.uploaded 2 sepia', 'image.uploaded 3 grayscale sepia']);
  for (const [image, filter] of prints.slice(3)) await world.print(job, image, filter);
  await world.minutes(1);
  expect(world.emitted()).toEqual(['filter.finished 3 sepia']);
});

test.each([
  ['a job', {}, {}],
  ['the mail of a job that is past its deadline', { archive: false, filters: [] }, { deadlineSeconds: 1 }],
])('a look at %s leaves no timer and no lock behind', async (_what, changes, options) => {
  await world.accept(changes);
  await world.minutes(2, options);
  expect(world.clock.sleepers()).toBe(0);
});

test('a mail that is just being sent is not called failed', async () => {
  const job = await world.accept({ filters: ['sepia'], archive: false });
  await world.print(job, '1', 'sepia');
  const lock = (await takeLock(world.store, keys.mailLock(job.job), { clock: world.clock }))!;
  await world.minutes(90);
  expect(await world.json(keys.completed(job.job))).toBeUndefined();
  await lock.release();
  await world.minutes(2);
  expect(await world.json(keys.completed(job.job))).toMatchObject({ status: 'completed', mail: 'failed' });
});

test('a sweep that stood still until notify took over the mail does not call it failed', async () => {
  const job = await world.accept({ filters: ['sepia'], archive: false });
  await world.print(job, '1', 'sepia');
  const { read } = world.store;
  world.store.read = async (key, ...rest) => {
    if (key === keys.mail(job.job)) await world.store.writeOnce(`${keys.mailLock(job.job)}/2`, Buffer.from('notify'));
    return read(key, ...rest);
  };
  await world.minutes(1, { deadlineSeconds: 1 });
  expect(await world.store.stat(`${keys.mailLock(job.job)}/2`)).toBeDefined();
  expect(await world.json(keys.completed(job.job))).toBeUndefined();
});

test.each(['{"job": "', '{}', 'null', 'true', JSON.stringify({ job: 'other' })])(
  'a record that reads %j ends its job, once',
  async (text) => {
    const { job } = await world.accept();
    await world.store.write(keys.job(job), Buffer.from(text));
    await world.minutes(3);
    expect(await world.json(keys.completed(job))).toMatchObject({
      status: 'failed',
      mailReason: expect.stringContaining('damaged'),
    });
    expect(await world.keys()).not.toContain(keys.open(job));
  },
);

test('a marker without a job goes', async () => {
  const { job } = await world.accept();
  await world.store.remove(keys.job(job));
  await world.minutes(1);
  expect(await world.keys()).not.toContain(keys.open(job));
});

test('a marker of a job that was deleted long ago goes, with all that came late', async () => {
  const job = await world.accept();
  await removeJob(world.store, job.job);
  await world.clock.advance(2 * hour);
  await world.print(job, '1', 'sepia');
  await world.store.write(keys.open(job.job), json({}));
  await world.minutes(1);
  expect(await world.keys()).toEqual([keys.gone(job.job)]);
});

test('a job that is deleted while sweep looks at it is not resumed, and its marker does not come back', async () => {
  const job = await world.accept();
  const { write } = world.store;
  world.store.write = async (key, content) => {
    if (key === keys.open(job.job)) await removeJob(world.store, job.job);
    await write(key, content);
  };
  await world.minutes(1);
  expect(world.emitted()).toEqual([]);
  expect(await world.keys()).toEqual([keys.gone(job.job), keys.leaving(job.job)]);
});

test.each([
  ['rejected', true],
  ['rejected', false],
  ['succeeded', true],
  ['succeeded', false],
])(
  'where nothing but the archive or the mail is left, the last print is said to have %s (archive: %s)',
  async (outcome, archive) => {
    const job = await world.accept({ archive });
    await world.print(job, '1', 'grayscale');
    if (outcome === 'rejected') await world.store.write(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'x' }));
    else await world.print(job, '1', 'sepia');
    const events: object[] = [];
    world.onEmit = (event) => void events.push(event);
    await world.minutes(1);
    expect(events).toEqual([
      expect.objectContaining({
        type: 'dev.darkroom.filter.finished',
        image: '1',
        filter: 'sepia',
        outcome,
        archive: String(archive),
      }),
    ]);
  },
);

test('a job that has ended keeps saying so until its marker is gone, and says how', async () => {
  const job = await world.accept();
  await world.store.write(keys.completed(job.job), json({ status: 'failed', completedAt: '', mail: 'sent' }));
  const events: object[] = [];
  world.onEmit = (event) => void events.push(event);
  await world.minutes(3);
  expect(events).toEqual([expect.objectContaining({ type: 'dev.darkroom.job.completed', job: job.job, outcome: 'failed' })]);
  expect(await world.keys()).not.toContain(keys.open(job.job));
});

test('a job that says nothing of how it ended is closed all the same', async () => {
  const job = await world.accept();
  await world.store.write(keys.completed(job.job), json(null));
  await world.minutes(1);
  expect(world.emitted()).toEqual([]);
  expect(await world.keys()).not.toContain(keys.open(job.job));
});

test.each([1, 16])('no job is waited for if none waits for its turn: %i jobs at once', async (count) => {
  for (let made = 0; made < count; made += 1) await world.accept();
  await world.clock.advance(minute);
  const begun = world.clock.now();
  await world.sweep();
  expect(world.emitted()).toHaveLength(count);
  expect(world.clock.now() - begun).toBeLessThan(5 * second);
});

test('nobody waits for jobs that have ended', async () => {
  for (let made = 0; made < 40; made += 1) {
    const { job } = await world.accept();
    await world.store.write(keys.completed(job), json({ status: 'completed', completedAt: '', mail: 'sent' }));
  }
  await world.clock.advance(minute);
  const begun = world.clock.now();
  await world.sweep();
  expect(world.emitted()).toHaveLength(40);
  expect(world.clock.now() - begun).toBeLessThan(5 * second);
});

test('the next one waits until one of those before it moves on, or for 5 s; for 15 s where most do not move on', async () => {
  const times = async (count: number, move: (job: Job) => Promise<unknown>) => {
    world = openWorld();
    const jobs: Job[] = [];
    for (let made = 0; made < count; made += 1) jobs.push(await world.accept({ filters: ['sepia'] }));
    await world.clock.advance(minute);
    const begun = world.clock.now();
    const after: number[] = [];
    world.onEmit = (event) => {
      after.push(Math.floor((world.clock.now() - begun) / second));
      const job = jobs.find(({ job: id }) => id === event['job'])!;
      if (after.length === 3) void world.clock.sleep(2500).then(() => move(job));
    };
    await world.sweep();
    return after;
  };
  const first = Array.from({ length: 16 }, () => 0);
  const later = Array.from({ length: 15 }, () => 15);
  expect(await times(17, (job) => world.print(job, '1', 'sepia'))).toEqual([...first, 3]);
  expect(await times(17, (job) => removeJob(world.store, job.job))).toEqual([...first, 3]);
  expect(await times(33, async () => undefined)).toEqual([...first, 5, ...later, 21]);
});

test('a look is over before the next ping, however many jobs stand still; the rest come with the next', async () => {
  for (let made = 0; made < 200; made += 1) await world.accept();
  await world.clock.advance(minute);
  const begun = world.clock.now();
  await world.sweep();
  const took = world.clock.now() - begun;
  expect(took).toBeGreaterThan(45 * second);
  expect(took).toBeLessThan(55 * second);
  expect(world.emitted()).toHaveLength(4 * 16);
});

test('of more jobs than fit into a look, 48 that were looked at longest ago have their turn with each, whichever process looks', async () => {
  const jobs: string[] = [];
  for (let made = 0; made < 200; made += 1) {
    jobs.push((await world.accept()).job);
    await world.clock.advance(second);
  }
  const looked = new Set<string>();
  world.onEmit = (event) => void looked.add(String(event['job']));
  await world.minutes(1);
  expect(jobs.slice(0, 48).filter((job) => !looked.has(job))).toEqual([]);
  await world.minutes(Math.ceil(200 / 48) - 1);
  expect(jobs.filter((job) => !looked.has(job))).toEqual([]);
});

test('what another process has looked at since this one has begun is left alone, and so is what has ended', async () => {
  for (let made = 0; made < 40; made += 1) await world.accept({ filters: ['sepia'] });
  await world.clock.advance(minute);
  const looked: string[] = [];
  world.onEmit = async (event) => {
    looked.push(String(event['job']));
    if (looked.length !== 1) return;
    // Meanwhile it comes to all of them: half of them end, and half do not move.
    let isEnd = false;
    for (const key of await world.keys()) {
      if (!key.startsWith(keys.allOpen)) continue;
      if (isEnd) await world.store.remove(key);
      else await world.store.write(key, json({ looks: 1, rounds: 1, settled: 0, idleSeconds: 60 }));
      isEnd = !isEnd;
    }
  };
  await world.sweep();
  // Those that both began with.
  expect(looked.length).toBeLessThanOrEqual(16);
});

test.each([
  ['a minute', [minute], 60],
  ['three minutes', [3 * minute], 180],
  ['five hours in which sweep did not run', [5 * hour], 3 * 60],
  ['hours more than once', [5 * hour, 5 * hour], 6 * 60],
])('a job that stood still for %s counts for no more than can be known', async (_kind, gaps, idleSeconds) => {
  const job = await world.accept();
  for (const gap of gaps) {
    await world.clock.advance(gap);
    await world.sweep();
  }
  const counted = (await world.watch(job)).idleSeconds;
  expect(counted).toBeGreaterThanOrEqual(idleSeconds);
  expect(counted).toBeLessThan(idleSeconds + 5);
});

test('a fault with one job does not keep the others from being resumed', async () => {
  await world.accept();
  await world.accept();
  let calls = 0;
  world.onEmit = () => {
    calls += 1;
    if (calls === 1) throw new Error('The broker is away');
  };
  await world.minutes(1);
  expect(calls).toBe(2);
});

const sepiaPrints = async () => (await world.keys()).filter((key) => key.endsWith('/sepia.jpg'));

test('of many open jobs a few are under way at a time, and all get their turn', async () => {
  const jobs: Job[] = [];
  for (let count = 0; count < 100; count += 1) jobs.push(await world.accept({ filters: ['sepia'], archive: false }));
  const pending = new Set<string>();
  let most = 0;
  world.onEmit = ({ type, ...event }) => {
    const job = jobs.find(({ job: id }) => id === event['job'])!;
    if (!type.endsWith('image.uploaded')) return;
    pending.add(job.job);
    most = Math.max(most, pending.size);
    void world.clock.sleep(3 * second).then(async () => {
      await world.print(job, '1', 'sepia');
      pending.delete(job.job);
    });
  };
  await world.clock.advance(minute);
  await world.sweep({ idleSeconds: 0 });
  expect(most).toBeLessThanOrEqual(16);
  await world.minutes(2);
  await world.clock.advance(minute);
  const printed = await sepiaPrints();
  expect(printed).toHaveLength(100);
  expect(world.emitted().filter((line) => line.startsWith('image.uploaded'))).toHaveLength(100);
});

const patient = { deadlineSeconds: 24 * 3600 };

/** Jobs that nobody works on for a while, so that sweep has backed off from them, and a quarter of them are due each minute. */
async function afterOutage(count: number): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let made = 0; made < count; made += 1) {
    jobs.push(await world.accept({ filters: ['sepia'], archive: false }));
    if (made % (count / 4) === 0) await world.minutes(1, patient);
  }
  await world.minutes(12, patient);
  world.emitted();
  return jobs;
}

/** Makes the sepia print of a job when sweep asks for it, unless `moves` says that the job is stuck. */
function printOnDemand(jobs: Job[], moves: (id: string) => boolean = () => true): void {
  world.onEmit = async ({ type, ...event }) => {
    const job = jobs.find(({ job: id }) => id === event['job'])!;
    if (type.endsWith('image.uploaded') && moves(job.job)) await world.print(job, '1', 'sepia');
  };
}

test('after an outage no job waits for the end of a pause', async () => {
  const jobs = await afterOutage(24);
  printOnDemand(jobs);
  await world.minutes(1, patient);
  const printed = await sepiaPrints();
  expect(printed).toHaveLength(24);
});

test('nor is a job resumed then that another sweep has just resumed', async () => {
  const jobs = await afterOutage(4);
  const other = jobs[0]!;
  printOnDemand(jobs);
  await world.clock.advance(minute);
  for (const { job } of jobs.slice(0, 2)) await world.store.write(keys.open(job), json({ rounds: 9, looks: 9 }));
  await world.clock.advance(20 * second);
  await world.sweep(patient);
  const printed = await sepiaPrints();
  expect(printed).not.toContain(keys.print(other, { image: '1', type: 'image/jpeg' }, 'sepia'));
});

test('while the queue is long, what waits in it keeps its pauses', async () => {
  await afterOutage(12);
  await world.minutes(4, patient);
  expect(world.emitted().length).toBeLessThanOrEqual(12);
});

test('where only some move on, the rest keep their pauses', async () => {
  const jobs = await afterOutage(12);
  const seen = new Set<string>();
  printOnDemand(jobs, (id) => seen.add(id).size % 3 === 0);
  await world.minutes(2, patient);
  expect(seen.size).toBeLessThan(12);
});

test('jobs are no longer resumed ahead of their turn once most do not move on', async () => {
  const jobs = await afterOutage(24);
  let begun: number | undefined;
  printOnDemand(jobs, () => world.clock.now() === (begun ??= world.clock.now()));
  await world.minutes(1, patient);
  const printed = (await sepiaPrints()).length;
  const resumed = world.emitted().filter((line) => line.startsWith('image.uploaded')).length;
  expect(resumed).toBeGreaterThan(printed);
  expect(resumed - printed).toBeLessThanOrEqual(16);
});

test('two sweeps at once share the work', async () => {
  for (let count = 0; count < 100; count += 1) await world.accept({ filters: ['sepia'], archive: false });
  const order: string[][] = [[], []];
  for (const [index, list] of order.entries()) {
    const other = openWorld();
    for await (const { key } of world.store.list('open/')) await other.store.write(key, json({}));
    other.store.remove = async (key) => void list.push(key);
    await other.sweep({ idleSeconds: 0 });
    expect(order[index]).toHaveLength(100);
  }
  expect(order[0]!.slice(0, 50).sort()).not.toEqual(order[1]!.slice(0, 50).sort());
});

test('at the start nothing can be on its way: what is open is resumed at once, but not what is accepted meanwhile', async () => {
  const first = await world.accept();
  world.onEmit = async () => {
    world.onEmit = () => undefined;
    await world.clock.sleep(second);
    await world.accept();
  };
  await world.sweep({ idleSeconds: 0 });
  expect(world.emitted()).toHaveLength(1);
  expect((await world.watch(first)).looks).toBe(1);
});

test('a job that changes while sweep looks is being worked on', async () => {
  await world.accept();
  world.clock.jump(-minute);
  await world.sweep();
  expect(world.emitted()).toEqual([]);
});
