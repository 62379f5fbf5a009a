import { describe, expect, test } from 'vitest';
import { calm, evidence, isWhole, raised, renewed } from '../src/judgement/alarm.ts';
import { assurance, missing, rateOf } from '../src/judgement/assurance.ts';
import { type Case, heard, newCase, stepped } from '../src/judgement/case.ts';
import { allCriteria, type Criterion } from '../src/judgement/criteria.ts';
import { emptyTally, type Tally } from '../src/judgement/tally.ts';
import { falseAlarms, falseAssurance, verdictOn } from '../src/judgement/verdict.ts';
import { type Rates, seeded, simulate } from './simulation.ts';

const tally = (candidate: [number, number], baseline: [number, number]): Tally => ({
  candidate: { faults: candidate[0], trials: candidate[1] },
  baseline: { faults: baseline[0], trials: baseline[1] },
});

function choose(all: number, some: number): number {
  return Array.from({ length: some }, (_, index) => (all - index) / (index + 1)).reduce((product, factor) => product * factor, 1);
}

describe('the alarm', () => {
  // The mean over all ways in which equal versions can share the faults: that it is 1 makes the product a martingale.
  test.each([
    [5, 95, 3],
    [5, 5, 1],
    [20, 20, 40],
    [7, 30, 33],
    [60, 6, 12],
  ])('with %d and %d jobs and %d faults, it neither rises nor falls on average', (ours, theirs, faults) => {
    let mean = 0;
    for (let count = Math.max(0, faults - theirs); count <= Math.min(faults, ours); count += 1) {
      const probability = (choose(ours, count) * choose(theirs, faults - count)) / choose(ours + theirs, faults);
      mean += probability * evidence(raised(calm, tally([count, ours], [faults - count, theirs])));
    }
    expect(mean).toBeCloseTo(1, 9);
  });

  test('is a likelihood ratio: one fault, and the candidate has it with a probability of one in ten', () => {
    const odds = [1.5, 2, 4, 8, 20, 60];
    const expected = odds.map((each) => each / (0.9 + 0.1 * each)).reduce((sum, each) => sum + each, 0) / odds.length;
    // One half for the first step, and one half for those that have not begun.
    expect(evidence(raised(calm, tally([1, 10], [0, 90])))).toBeCloseTo(expected / 2 + 0.5, 9);
  });

  test('says nothing where nothing goes wrong, or everything does', () => {
    expect(evidence(raised(calm, tally([0, 10], [0, 90])))).toBeCloseTo(1, 9);
    expect(evidence(raised(calm, tally([10, 10], [90, 90])))).toBeCloseTo(1, 9);
  });

  test('rises with the faults of the candidate, and falls with those of the baseline', () => {
    const many = evidence(raised(calm, tally([4, 10], [0, 90])));
    expect(many).toBeGreaterThan(evidence(raised(calm, tally([2, 10], [0, 90]))));
    expect(evidence(raised(calm, tally([0, 10], [4, 10])))).toBeLessThan(1);
  });

  test('what went well for long does not hide what goes wrong in a new step', () => {
    let well = calm;
    for (let count = 0; count < 50; count += 1) well = raised(well, tally([2, 10], [5, 10]));
    const badly = (alarm: typeof calm) =>
      Array.from({ length: 20 }).reduce<typeof calm>((each) => raised(each, tally([8, 10], [5, 10])), alarm);
    expect(evidence(badly(well))).toBeLessThan(1);
    expect(evidence(badly(renewed(well)))).toBeGreaterThan(100);
  });

  test('a time is over once each version had five jobs', () => {
    expect([tally([0, 5], [0, 5]), tally([0, 4], [0, 90]), tally([0, 90], [0, 4])].map(isWhole)).toEqual([true, false, false]);
  });
});

describe('the assurance', () => {
  test('59 jobs without a fault are enough to rule out that 5 % fail, where nobody else does', () => {
    expect(missing({ trials: 0, faults: 0 }, 1e-6, 0.05, 20)).toBe(59);
    expect(missing({ trials: 59, faults: 0 }, 1e-6, 0.05, 20)).toBe(0);
    expect(0.95 ** 59).toBeLessThan(falseAssurance);
  });

  test('is a ratio of two binomial likelihoods', () => {
    const expected = (0.98 / 0.93) ** 90 * (0.02 / 0.07) ** 10;
    expect(assurance({ trials: 100, faults: 10 }, 0.02, 0.07)).toBeCloseTo(expected, 9);
  });

  test('nobody is known to be without fault', () => {
    expect(rateOf({ trials: 0, faults: 0 })).toBe(0.5);
    expect(rateOf({ trials: 99, faults: 0 })).toBe(0.005);
  });
});

describe('the verdict', () => {
  const hear = (known: Case, news: Partial<Record<Criterion, Tally>>) =>
    heard(known, Object.fromEntries(allCriteria.map((each) => [each, news[each] ?? emptyTally])) as Record<Criterion, Tally>);
  const well = tally([0, 70], [0, 700]);
  const unmailed = { posts: well, prints: well, overdue: well };
  const good = { ...unmailed, mails: well };

  test('without a job, nothing is clear', () => {
    expect(verdictOn(newCase)).toMatchObject({ is: 'unclear' });
    for (const criterion of ['posts', 'prints', 'overdue'] as const)
      expect(verdictOn(hear(newCase, { ...good, [criterion]: emptyTally }))).toMatchObject({ is: 'unclear', criterion });
  });

  test('where nobody asks for mails, nobody waits for them; once somebody does, there have to be enough', () => {
    expect(verdictOn(hear(newCase, unmailed))).toEqual({ is: 'no worse' });
    expect(verdictOn(hear(newCase, { ...good, mails: tally([0, 3], [0, 10]) }))).toMatchObject({
      is: 'unclear',
      criterion: 'mails',
    });
  });

  test('each step has to convince by itself', () => {
    const known = hear(newCase, good);
    expect(verdictOn(known)).toEqual({ is: 'no worse' });
    expect(verdictOn(stepped(known))).toMatchObject({ is: 'unclear' });
    expect(verdictOn(hear(stepped(known), good))).toEqual({ is: 'no worse' });
  });

  test('names what is worse', () => {
    expect(verdictOn(hear(newCase, { ...good, mails: tally([10, 70], [0, 700]) }))).toMatchObject({
      is: 'worse',
      criterion: 'mails',
    });
  });

  test('what speaks against a version stays, step by step', () => {
    let known = newCase;
    for (let step = 0; step < 8 && verdictOn(known).is !== 'worse'; step += 1)
      known = stepped(hear(known, { prints: tally([1, 10], [0, 90]) }));
    expect(verdictOn(known)).toMatchObject({ is: 'worse', criterion: 'prints' });
  });
});

describe('whole rollouts of imaginary jobs, judged at each look', () => {
  const usual: Rates = () => ({ posts: 0.001, prints: 0.01, mails: 0.01, speed: 0.45 });
  /** How many of so many rollouts end in which way. */
  function count(runs: number, candidate: Rates, baseline: Rates = usual) {
    const ends = { done: 0, worse: 0, unclear: 0 };
    let jobs = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const { end, jobs: own } = simulate(seeded(seed), { candidate, baseline });
      ends[end] += 1;
      jobs += own;
    }
    return { ...ends, jobs: jobs / runs };
  }

  test.each<[string, Rates]>([
    ['that rarely fail', usual],
    ['without any fault', () => ({ speed: 0.5 })],
    ['that fail often', () => ({ prints: 0.1, mails: 0.2, speed: 0.5 })],
    ['of which most lose their mails for a while', (look) => (look > 40 && look < 80 ? { mails: 0.8, speed: 0.9 } : usual(look))],
  ])('of two equal versions %s, at most two of a hundred are taken back', (_kind, rates) => {
    expect(count(500, rates, rates).worse).toBeLessThanOrEqual(500 * falseAlarms);
  });

  test.each<[string, number, Rates]>([
    ['fails 5 % of its jobs', 250, (look) => ({ ...usual(look), prints: 0.06 })],
    ['takes twice as long', 60, (look) => ({ ...usual(look), speed: 0.75 })],
    ['sends no mails', 10, (look) => ({ ...usual(look), mails: 1 })],
    ['takes no posts', 10, (look) => ({ ...usual(look), posts: 1 })],
    ['loses one job in ten', 150, (look) => ({ ...usual(look), overdue: 0.1 })],
  ])('a version that %s is taken back, after %d of its jobs or fewer on average', (_fault, most, rates) => {
    const { worse, jobs } = count(200, rates);
    expect(worse).toBe(200);
    expect(jobs).toBeLessThan(most);
  });
});
