import type { DarkroomEvent } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { entriesOf, readJson, type Store } from '@darkroom/shared/store';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { acceptJob } from '../../../packages/shared/test/support/job.ts';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { recordDeadLetter } from '../src/dead-letter.ts';
import { expire } from '../src/expire.ts';
import { clearLeaving } from '../src/leaving.ts';
import { resume } from '../src/resume.ts';
import type { FailedEvent } from '../src/task.ts';
import { readWatch, type Watch } from '../src/watch.ts';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** Sweep in a world whose time the test drives. The store's clock and sweep's may differ. */
export interface World {
  clock: TestClock;
  store: Store;
  /** What sweep emitted since this was last asked, such as "image.uploaded 1 sepia", in order. */
  emitted(): string[];
  accept(changes?: Partial<Job>): Promise<Job>;
  print(job: Job, image: string, filter: string): Promise<void>;
  /** A ping. Its time passes, and `onEmit` runs for each event that sweep emits. */
  sweep(options?: { idleSeconds?: number; deadlineSeconds?: number }): Promise<void>;
  /** Lets a minute pass and sweeps, so many times. @returns the minutes in which something was emitted */
  minutes(count: number, options?: { deadlineSeconds?: number }): Promise<number[]>;
  /** A dead letter comes. `changes`: how it differs from that of a stage that answered 500. */
  fail(job: Job, image: string, stage: string | undefined, changes?: Partial<FailedEvent>): Promise<void>;
  expire(seconds: number): Promise<void>;
  keys(): Promise<string[]>;
  json(key: string): Promise<unknown>;
  watch(job: Job): Promise<Watch>;
  onEmit: (event: DarkroomEvent) => void | Promise<void>;
}

export function openWorld(): World {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  let events: string[] = [];

  const world: World = {
    clock,
    store,
    emitted: () => events.splice(0),
    accept: (changes) =>
      acceptJob(store, Buffer.from('abc'), { acceptedAt: new Date(clock.now()).toISOString(), names: ['a.jpg'], ...changes }),
    print: (job, image, filter) => store.write(keys.print(job, { image, type: 'image/jpeg' }, filter), Buffer.from('print')),
    async sweep({ idleSeconds = 30, deadlineSeconds = 3600 } = {}) {
      for await (const _ of clearLeaving(store));
      const emit = async (event: DarkroomEvent) => {
        events.push(describe(event));
        await world.onEmit(event);
      };
      const state = { done: false };
      const work = resume({ store, emit, clock }, { idleSeconds, deadlineSeconds }).finally(() => (state.done = true));
      work.catch(() => undefined);
      while (!state.done) await clock.advance(second);
      await work;
    },
    async minutes(count, options = {}) {
      const active: number[] = [];
      for (let passed = 1; passed <= count; passed += 1) {
        await clock.advance(minute);
        const before = events.length;
        await world.sweep(options);
        if (events.length > before) active.push(passed);
      }
      return active;
    },
    async fail(job, image, stage, changes = {}) {
      await recordDeadLetter(store, {
        type: 'dev.darkroom.image.uploaded',
        job: job.job,
        image,
        ...(stage && { stage }),
        code: '500',
        reason: 'out of memory for person@example.com',
        attributes: { type: 'dev.darkroom.image.uploaded', job: job.job, image, grayscale: 'true', sepia: 'true' },
        ...changes,
      });
    },
    async expire(seconds) {
      for await (const _ of expire(store, seconds));
    },
    keys: async () => [...(await entriesOf(store, '')).keys()].filter((key) => key !== keys.sweepTime).sort(),
    json: (key) => readJson(store, key),
    watch: (job) => readWatch(store, job.job),
    onEmit: () => undefined,
  };
  return world;
}

function describe(event: DarkroomEvent): string {
  const { type, image, filter, grayscale, sepia } = event as unknown as Record<string, string | undefined>;
  return [String(type).replace('dev.darkroom.', ''), image, grayscale && 'grayscale', sepia && 'sepia', filter]
    .filter(Boolean)
    .join(' ');
}
