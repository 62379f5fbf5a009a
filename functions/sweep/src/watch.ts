import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';
import * as v from 'valibot';

/** What sweep remembers of a job from one look to the next, in its open marker. Ingest writes the marker without any of this. */
export interface Watch {
  /** How often the job was found standing still, ever. */
  looks: number;
  /** How often in a row, without progress between. */
  rounds: number;
  /** How many parts were done at the last look. */
  settled: number;
  /** For how long it has stood still, counted from look to look. */
  idleSeconds: number;
}

const number = v.fallback(v.pipe(v.number(), v.minValue(0)), 0);
const watch = v.fallback(v.object({ looks: number, rounds: number, settled: number, idleSeconds: number }), {
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
  return v.parse(watch, content);
}

export async function writeWatch(store: Store, job: string, content: Watch): Promise<void> {
  await store.write(keys.open(job), json(content));
}

/** Rounds that follow each other without a pause; from then on each pause is twice the one before. */
const eagerRounds = 3;
const longestPause = 30;

/** Milliseconds until a job is looked at again: events may have been lost once more, or they wait in a queue, which repeats make longer. */
export function pauseAfter(rounds: number, idleSeconds: number): number {
  return idleSeconds * 1000 * Math.min(2 ** Math.max(0, rounds - eagerRounds), longestPause);
}
