import * as v from 'valibot';
import type { Growth } from './evidence/growth.ts';
import type { Case } from './judgement/case.ts';
import { allCriteria, type Criterion } from './judgement/criteria.ts';
import type { Tally } from './judgement/tally.ts';
import type { Service } from './kubernetes/service.ts';
import { plan } from './plan.ts';

const prefix = 'rollout.darkroom.dev';
/** For programs: everything that the next process needs to go on. */
const stateName = `${prefix}/state`;
/** For people: `kubectl get ksvc ingest -o yaml` shows them. */
const phaseName = `${prefix}/phase`;
const messageName = `${prefix}/message`;

/** Runs; ended at its last step, rolled back, or left alone since somebody else moved the traffic. */
export type Phase = 'running' | 'done' | 'rolled-back' | 'stopped';

const count = v.number();
const arm = v.object({ trials: count, faults: count });
const tally = v.object({ candidate: arm, baseline: arm });
const file = v.object({ total: tally, step: tally, recent: tally, alarm: v.array(v.array(count)) });
const totals = v.object({ accepted: count, ended: count });
const growth: v.GenericSchema<Growth> = v.object({
  accepted: count,
  refused: count,
  ended: count,
  incomplete: count,
  addressed: count,
  unmailed: count,
  within: v.record(v.string(), count),
});
const known = v.object(Object.fromEntries(allCriteria.map((criterion) => [criterion, file]))) as unknown as v.GenericSchema<Case>;

const row = v.object({
  percent: count,
  /** Milliseconds. */
  lasted: count,
  tallies: v.object(Object.fromEntries(allCriteria.map((criterion) => [criterion, tally]))) as unknown as v.GenericSchema<
    Record<Criterion, Tally>
  >,
  end: v.string(),
});

/** What happened at a step, for the table. */
export type Row = v.InferOutput<typeof row>;

const notice = v.object({ type: v.string(), id: v.string(), message: v.string() });

/** An event that has not reached the broker yet. */
export type Notice = v.InferOutput<typeof notice>;

const schema = v.object({
  phase: v.picklist(['running', 'done', 'rolled-back', 'stopped']),
  /** Tells one rollout from another. */
  id: v.string(),
  candidate: v.string(),
  baseline: v.string(),
  plan,
  /** Index of the step that it stands at. */
  step: v.number(),
  /** Milliseconds that the step has lasted. */
  lasted: v.number(),
  /** Whose turn it is: nobody's, if absent. */
  holder: v.exactOptional(v.string()),
  /** Goes up with each sign of life of the holder: no clocks have to agree. */
  beat: v.number(),
  case: known,
  /** Jobs since the rollout began. */
  totals: v.object({ candidate: totals, baseline: totals }),
  /** How long jobs of the baseline have taken lately. */
  usual: v.record(v.string(), count),
  tempo: v.exactOptional(v.object({ baseline: v.string(), candidate: v.string() })),
  /** How far the metrics have been read. */
  mark: v.exactOptional(v.union([v.object({ totals: v.record(v.string(), growth) }), v.object({ time: v.number() })])),
  /** Steps that are over. */
  rows: v.array(row),
  notice: v.exactOptional(notice),
});

/** What a rollout remembers, in annotations of the Service: written in the same request as the traffic. */
export type RolloutRecord = v.InferOutput<typeof schema>;

/** @returns undefined if there is none, or one that makes no sense any more */
export function readRecord({ metadata: { annotations } }: Service): RolloutRecord | undefined {
  const text = annotations[stateName];
  if (text === undefined) return undefined;
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

export function annotationsOf(record: RolloutRecord, message: string): Record<string, string> {
  return { [phaseName]: record.phase, [messageName]: message, [stateName]: JSON.stringify(record) };
}

/** What was last said, for people. */
export function messageIn({ metadata: { annotations } }: Service): string {
  return annotations[messageName] ?? '';
}
