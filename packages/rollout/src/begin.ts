import { randomUUID } from 'node:crypto';
import { ended } from './end.ts';
import { awaitSilence, percentOf } from './hold.ts';
import { newCase } from './judgement/case.ts';
import { noticeOf } from './notice.ts';
import type { Plan } from './plan.ts';
import { readRecord, type RolloutRecord } from './record.ts';
import type { Scribe } from './scribe.ts';
import { candidateIn, CannotRoll, pairIn } from './traffic.ts';
import { leaseOf, mostUnready, type World } from './world.ts';

const nobody = { accepted: 0, ended: 0 };

/**
 * A rollout to go on with, or a new one at its first step.
 * @param to a tag or a revision
 * @throws CannotRoll
 */
export async function begin(world: World, scribe: Scribe, to: string, plan: Plan, signal: AbortSignal): Promise<RolloutRecord> {
  const found = readRecord(scribe.service);
  if (found?.phase === 'running') return takeOver(world, scribe, to, plan, found, signal);
  const pair = pairIn(scribe.service, to);
  const blank: RolloutRecord = {
    phase: 'running',
    id: randomUUID(),
    ...pair,
    plan,
    step: 0,
    lasted: 0,
    holder: world.holder,
    beat: 1,
    case: newCase,
    totals: { candidate: nobody, baseline: nobody },
    usual: {},
    rows: [],
  };
  const why = await whyUnready(world, pair.candidate, plan, signal);
  if (why !== undefined) {
    const line = `${pair.candidate} is not ready, and gets no traffic: ${why}`;
    return scribe.decide(undefined, { ...ended(blank, 'rolled-back', line), rows: [] }, line, 0);
  }
  // Read before traffic moves, so that the first job counts.
  const { mark } = await world.witness.testify(undefined, [pair.candidate, pair.baseline]);
  const first = percentOf(blank);
  const line = `0 % to ${first} %: ${pair.candidate} is ready, and is compared with ${pair.baseline}`;
  const begun = { ...blank, mark, notice: noticeOf(blank, 'advanced', line) };
  return scribe.decide(undefined, first === 100 ? ended(begun, 'done', line) : begun, line, first);
}

async function takeOver(
  world: World,
  scribe: Scribe,
  to: string,
  plan: Plan,
  found: RolloutRecord,
  signal: AbortSignal,
): Promise<RolloutRecord> {
  const { services, clock, say, holder } = world;
  const { name } = scribe.service.metadata;
  if (candidateIn(scribe.service, to) !== found.candidate)
    throw new CannotRoll(
      `A rollout of ${name} to ${found.candidate} stands at ${percentOf(found)} %. Go on with it (--to ${found.candidate}), or end it: npm run rollout -- ${name} --abort`,
    );
  if (found.holder !== undefined) {
    const lease = leaseOf(found.plan);
    say(`${found.holder} may be at work on this rollout: waiting for a sign of life, ${lease / 1000} s at most`);
    await awaitSilence(services, scribe.service, lease, clock, signal);
  }
  const now = readRecord(await scribe.look());
  // Ended meanwhile.
  if (now?.phase !== 'running') return begin(world, scribe, to, plan, signal);
  const line = `${percentOf(now)} %: goes on after ${Math.round(now.lasted / 1000)} s of this step`;
  return scribe.decide(undefined, { ...now, holder, beat: now.beat + 1 }, line);
}

/** Undefined once it is ready. */
async function whyUnready(
  { services, clock }: World,
  revision: string,
  { timeout }: Plan,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let waited = 0, certain = 0; ; waited += 1000) {
    const state = await services.readiness(revision);
    if (state.ready) return undefined;
    certain = state.certain ? certain + 1 : 0;
    if (certain === mostUnready || waited >= timeout) return state.why;
    await clock.sleep(1000, signal);
  }
}
