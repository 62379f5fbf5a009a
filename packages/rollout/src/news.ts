import { type Growth, noGrowth } from './evidence/growth.ts';
import type { Ledger, Totals } from './evidence/overdue.ts';
import { lately, slowIn, tempoOf } from './evidence/tempo.ts';
import type { Witness } from './evidence/witness.ts';
import { heard } from './judgement/case.ts';
import { type Tally, without } from './judgement/tally.ts';
import type { RolloutRecord } from './record.ts';

/**
 * Adds to a record what has happened since it was written.
 * @param at milliseconds that this process has been looking
 * @throws if metrics cannot be read; they are read from the same mark the next time
 */
export async function withNews(record: RolloutRecord, witness: Witness, ledger: Ledger, at: number): Promise<RolloutRecord> {
  const { candidate, baseline, plan, tempo, ...rest } = record;
  const { growths, mark } = await witness.testify(record.mark, [candidate, baseline]);
  const growth = { candidate: growths[candidate] ?? noGrowth, baseline: growths[baseline] ?? noGrowth };
  const totals = {
    candidate: sum(record.totals.candidate, growth.candidate),
    baseline: sum(record.totals.baseline, growth.baseline),
  };
  const both = (armOf: (growth: Growth, which: keyof Tally) => Tally['candidate']): Tally => ({
    candidate: armOf(growth.candidate, 'candidate'),
    baseline: armOf(growth.baseline, 'baseline'),
  });
  const due = ledger.look(at, totals, record.case.overdue.total);
  const known = heard(record.case, {
    posts: both(({ accepted, refused }) => ({ trials: accepted + refused, faults: refused })),
    prints: both(({ ended, incomplete }) => ({ trials: ended, faults: incomplete })),
    mails: both(({ addressed, unmailed }) => ({ trials: addressed, faults: unmailed })),
    speed: both(({ within }, which) => slowIn(within, tempo?.[which])),
    overdue: without(due, record.case.overdue.total),
  });
  const usual = lately(record.usual, growth.baseline.within);
  const { recent } = known.speed;
  // It may only change between two times that are compared.
  const next = recent.candidate.trials + recent.baseline.trials === 0 ? tempoOf(usual, plan.slower) : tempo;
  return { ...rest, candidate, baseline, plan, case: known, totals, usual, mark, ...(next && { tempo: next }) };
}

function sum(total: Totals, { accepted, ended }: Growth): Totals {
  return { accepted: total.accepted + accepted, ended: total.ended + ended };
}
