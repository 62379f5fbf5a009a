import { type Case, heard, newCase, stepped } from '../src/judgement/case.ts';
import { allCriteria, type Criterion } from '../src/judgement/criteria.ts';
import { emptyTally, type Tally } from '../src/judgement/tally.ts';
import { verdictOn } from '../src/judgement/verdict.ts';

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** By criterion, the probability that a job goes wrong; at a time, since what goes wrong may change. */
export type Rates = (look: number) => Partial<Record<Criterion, number>>;

export interface Simulated {
  end: 'done' | 'worse' | 'unclear';
  criterion: Criterion | undefined;
  /** The share at which it ended. */
  percent: number;
  /** Jobs of the candidate until then. */
  jobs: number;
}

const steps = [5, 20, 50];

/**
 * A rollout of imaginary jobs, split by chance.
 * @param perLook how many jobs end between two looks
 */
export function simulate(
  random: () => number,
  {
    candidate,
    baseline,
    perLook = 20,
    minLooks = 12,
    mostLooks = 5000,
  }: {
    candidate: Rates;
    baseline: Rates;
    perLook?: number;
    minLooks?: number;
    mostLooks?: number;
  },
): Simulated {
  let known: Case = newCase;
  let jobs = 0;
  let look = 0;
  for (const percent of steps) {
    if (percent !== steps[0]) known = stepped(known);
    for (let lasted = 1; ; lasted += 1) {
      look += 1;
      const news = Object.fromEntries(allCriteria.map((criterion) => [criterion, emptyTally])) as Record<Criterion, Tally>;
      for (let job = 0; job < perLook; job += 1) {
        const which = random() * 100 < percent ? 'candidate' : 'baseline';
        if (which === 'candidate') jobs += 1;
        const rates = (which === 'candidate' ? candidate : baseline)(look);
        for (const criterion of allCriteria) {
          const arm = news[criterion][which];
          const next = { trials: arm.trials + 1, faults: arm.faults + Number(random() < (rates[criterion] ?? 0)) };
          news[criterion] = { ...news[criterion], [which]: next };
        }
      }
      known = heard(known, news);
      const verdict = verdictOn(known);
      if (verdict.is === 'worse') return { end: 'worse', criterion: verdict.criterion, percent, jobs };
      if (look > mostLooks) return { end: 'unclear', criterion: undefined, percent, jobs };
      if (verdict.is === 'no worse' && lasted >= minLooks) break;
    }
  }
  return { end: 'done', criterion: undefined, percent: 100, jobs };
}
