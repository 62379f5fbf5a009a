import { explain } from '@darkroom/shared/errors';
import { begin } from './begin.ts';
import { ended } from './end.ts';
import { openLedger } from './evidence/overdue.ts';
import { Interrupted, percentOf } from './hold.ts';
import { stepped } from './judgement/case.ts';
import { verdictOn } from './judgement/verdict.ts';
import { withNews } from './news.ts';
import { noticeOf } from './notice.ts';
import type { Plan } from './plan.ts';
import type { RolloutRecord } from './record.ts';
import { rowOf, whyNoWorse, whyUnclear, whyWorse } from './report.ts';
import { openScribe } from './scribe.ts';
import { CannotRoll } from './traffic.ts';
import { lookEvery, mostUnready, stopwatch, type World } from './world.ts';

/** Looks for which a broker that does not take the last event is asked again. */
const mostTries = 5;

/**
 * Moves traffic to a version step by step, or back.
 * @param name of the Service
 * @param to a tag or a revision
 * @param signal lets go of the rollout as it is, for another process to go on
 * @returns its record at the end
 * @throws CannotRoll if it cannot begin, Interrupted if somebody else has taken it out of our hands, AbortError
 */
export async function rollOut(world: World, name: string, to: string, wanted: Plan, signal: AbortSignal): Promise<RolloutRecord> {
  const { services, witness, clock } = world;
  const scribe = await openScribe(world, name);
  let record = await begin(world, scribe, to, wanted, signal);
  const { plan } = record;
  const pause = lookEvery(plan);
  const ledger = openLedger(plan.overdue);
  const lap = stopwatch(clock);
  /** Milliseconds since this process began to look. */
  let looked = 0;
  /** Looks at which the candidate was certainly not ready, and milliseconds for which it was not for whatever reason. */
  let [unready, waited] = [0, 0];

  try {
    while (record.phase === 'running') {
      await clock.sleep(pause, signal);
      record = await look().catch((error: unknown) => {
        if (error instanceof Interrupted || error instanceof CannotRoll || signal.aborted) throw error;
        // An API or metrics that do not answer for a while change nothing: traffic stays, and nothing that happens is missed.
        scribe.say(`${percentOf(record)} %: waits: ${explain(error)}`);
        return record;
      });
    }
    for (let tries = 0; record.notice && tries < mostTries; tries += 1) {
      await clock.sleep(pause, signal);
      record = await scribe.tellBroker(record);
    }
    return record;
  } catch (error) {
    await leave(error).catch((left: unknown) => world.say(`could not write it down: ${explain(left)}`));
    throw error;
  }

  async function look(): Promise<RolloutRecord> {
    await scribe.look(record);
    const state = await services.readiness(record.candidate);
    const elapsed = lap();
    unready = state.ready || !state.certain ? 0 : unready + 1;
    waited = state.ready ? 0 : waited + elapsed;
    looked += elapsed;
    const heard = await withNews(record, witness, ledger, looked);
    const news = { ...heard, lasted: record.lasted + elapsed, beat: record.beat + 1 };
    // Requests wait for a start from zero, and so may the end of a job; nobody counts those that wait for ever.
    if (!state.ready && (unready >= mostUnready || waited > plan.overdue))
      return rollBack(news, `${news.candidate} is not ready any more: ${state.why}`);
    const verdict = verdictOn(news.case);
    if (verdict.is === 'worse') return rollBack(news, whyWorse(news, news.case, verdict.criterion, verdict.evidence));
    if (verdict.is === 'no worse' && news.lasted >= plan.every && state.ready) return advance(news, whyNoWorse(news, news.case));
    if (verdict.is === 'unclear' && news.lasted >= plan.every) {
      const why = whyUnclear(news, news.case, verdict);
      if (news.lasted >= plan.timeout)
        return rollBack(news, `after ${Math.round(news.lasted / 1000)} s it is still not clear. ${why}`);
      scribe.say(`${percentOf(news)} %: waits: ${why}`, verdict.criterion);
    }
    return scribe.renew(record, news);
  }

  async function advance(news: RolloutRecord, why: string): Promise<RolloutRecord> {
    const percent = percentOf(news);
    const next = plan.steps[news.step + 1];
    if (next === undefined) {
      const line = `stays at ${percent} %, its last step: ${why}`;
      return scribe.decide(record, ended(news, 'done', line), line);
    }
    const line = `${percent} % to ${next} %: ${why}`;
    const further = { ...news, step: news.step + 1, lasted: 0 };
    const notice = noticeOf(further, 'advanced', line);
    if (next === 100) return scribe.decide(record, { ...ended(news, 'done', line), step: further.step, notice }, line, next);
    const rows = [...news.rows, rowOf(news, `${next} %`)];
    return scribe.decide(record, { ...further, rows, case: stepped(news.case), notice }, line, next);
  }

  async function rollBack(news: RolloutRecord, why: string): Promise<RolloutRecord> {
    const line = `${percentOf(news)} % to 0 %: ${why}`;
    return scribe.decide(record, ended(news, 'rolled-back', line), line, 0);
  }

  /** Leaves the rollout to others; or ends it where it stands, if a hand has moved the traffic. */
  async function leave(error: unknown): Promise<void> {
    if (error instanceof Interrupted && error.isOver) {
      await scribe.look();
      await scribe.decide(undefined, ended(record, 'stopped', error.message), error.message);
    } else if (signal.aborted && record.phase === 'running') await scribe.letGo(record);
  }
}
