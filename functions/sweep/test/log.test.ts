import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { takeLock } from '@darkroom/shared/store/lock';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openWorld, type World } from './world.ts';

let world: World;
let job: Job;
let lines: string[];
beforeEach(async () => {
  world = openWorld();
  job = await world.accept();
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

test.each<[string, () => Promise<unknown>, string[]]>([
  ['is resumed', () => world.minutes(1), ['resumed {job} emitted=image.uploaded']],
  [
    'cannot be resumed',
    () => {
      world.onEmit = () => Promise.reject(new Error('The broker is away'));
      return world.minutes(1);
    },
    ['could not resume {job} error="The broker is away"'],
  ],
  [
    'cannot be read, which says nothing of its record',
    () => {
      const { read } = world.store;
      world.store.read = async (key, range) => {
        if (key === keys.job(job.job)) throw new Error('EIO');
        return read(key, range);
      };
      return world.minutes(1);
    },
    ['could not resume {job} error=EIO'],
  ],
  [
    'is past its deadline while its mail is being sent',
    async () => {
      job = await world.accept({ archive: false, filters: ['sepia'] });
      await world.print(job, '1', 'sepia');
      for await (const { key } of world.store.list(keys.allOpen)) if (key !== keys.open(job.job)) await world.store.remove(key);
      const lock = await takeLock(world.store, keys.mailLock(job.job), { clock: world.clock });
      await world.minutes(2, { deadlineSeconds: 10 });
      await lock!.release();
      lines = lines.filter((line) => !line.startsWith('resumed'));
    },
    [],
  ],
  [
    'is past its deadline',
    async () => {
      await world.print(job, '1', 'sepia');
      await world.minutes(10, { deadlineSeconds: 60 });
      lines = lines.filter((line) => !line.startsWith('resumed'));
    },
    ['past the deadline: prints {job}', 'past the deadline: archive {job}', 'past the deadline: mail {job}'],
  ],
  [
    'has a damaged record',
    async () => {
      await world.store.write(keys.job(job.job), Buffer.from('{'));
      await world.minutes(1);
    },
    ['ended, since its record is damaged {job}'],
  ],
  [
    'has a dead letter',
    () => world.fail(job, '1', 'sepia'),
    ['dead letter {job} image=1 type=dev.darkroom.image.uploaded stage=sepia code=500 count=1'],
  ],
  [
    'is said to have a photo that it does not have',
    () => world.fail(job, '7', 'sepia'),
    ['dead letter of nothing {job} image=7 stage=sepia'],
  ],
  [
    'expires',
    async () => {
      await world.clock.advance(2000);
      await world.expire(1);
    },
    ['expired {job}'],
  ],
])('the log names the job when it %s', async (_what, happens, expected) => {
  await happens();
  expect(lines).toEqual(expected.map((line) => line.replace('{job}', `job=${job.job}`)));
});
