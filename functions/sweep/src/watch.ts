import { keys } from '@darkroom/shared/job/keys';
import type { Progress } from '@darkroom/shared/job/progress';
import { type Entry, json, readJson, type Store } from '@darkroom/shared/store';
import * as v from 'valibot';
import type { StoreTime } from './store-time.ts';

/** What sweep remembers about a job between looks, in its open marker. Ingest writes the marker without any of this. */
export interface Watch {
  /** How often the job was ever found standing still. */
  looks: number;
  /** How often in a row, without progress in between. */
  rounds: number;
  /** How many parts were done at the last look. */
  settled: number;
  /** How long it has stood still, added up from look to look. */
  idleSeconds: number;
  /** ISO 8601, as ingest has written it. */
  acceptedAt?: string;
}

const number = v.fallback(v.pipe(v.number(), v.minValue(0)), 0);
const acceptedAt = v.exactOptional(v.string());
const schema = v.fallback(v.object({ looks: number, rounds: number, settled: number, idleSeconds: number, acceptedAt }), {
  looks: 0,
  rounds: 0,
  settled: 0,
  idleSeconds: 0,
});

/** A marker that cannot be read is one that sweep has not written yet. */
export async function readWatch(store: Store, job: string): Promise<Watch> {
  const content = await readJson(store, keys.open(job)).catch((error: unknown) => {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  });
  return v.parse(schema, content);
}

export async function writeWatch(store: Store, job: string, content: Watch): Promise<void> {
  await store.write(keys.open(job), json(content));
}

/** Rounds that follow each other without a pause; after that, each pause is twice the previous one, up to the longest. */
const eagerRounds = 3;
const longestPause = 8;

/** Milliseconds until a job is looked at again: its events may be lost again, or wait in a queue that repeats would only lengthen. */
export function pauseAfter(rounds: number, idleSeconds: number): number {
  return idleSeconds * 1000 * Math.min(2 ** Math.max(0, rounds - eagerRounds), longestPause);
}

/** Milliseconds beyond the intended pause that one look can add to the idle time of a job: clocks are adjusted, machines are off. */
const longestGap = 120_000;

/** Adds up how long a job stands still, from look to look. A gap between two looks counts for no more than it can have been. */
export function nextWatch(watch: Watch, progress: Progress, time: StoreTime, entry: Entry, idleSeconds: number): Watch {
  const stoodStill = watch.rounds > 0 && watch.settled === progress.settled;
  const gap = stoodStill ? time.since(entry.modified) : time.since(progress.lastProgress);
  const counted = Math.min(Math.max(0, gap), 2 * pauseAfter(watch.rounds, idleSeconds) + longestGap) / 1000;
  return {
    looks: watch.looks + 1,
    rounds: stoodStill ? watch.rounds + 1 : 1,
    settled: progress.settled,
    idleSeconds: (stoodStill ? watch.idleSeconds : 0) + counted,
    ...(watch.acceptedAt !== undefined && { acceptedAt: watch.acceptedAt }),
  };
}
