import type { Clock } from '@darkroom/shared/clock';
import type { Witness } from './evidence/witness.ts';
import type { Services } from './kubernetes/service.ts';
import type { Plan } from './plan.ts';
import type { Notice, RolloutRecord } from './record.ts';

/** What a rollout acts on. */
export interface World {
  services: Services;
  witness: Witness;
  clock: Clock;
  /** Tells the broker. */
  publish(record: RolloutRecord, notice: Notice): Promise<void>;
  /** Tells whoever watches, one line at a time. */
  say(line: string): void;
  /** The name of this process, unlike all others. */
  holder: string;
}

/** Milliseconds from one look to the next. */
export function lookEvery({ every }: Plan): number {
  return Math.min(15_000, Math.max(500, every / 12));
}

/** Milliseconds without a sign of life after which a holder is gone. A busy machine takes its time over a look. */
export function leaseOf(plan: Plan): number {
  return Math.max(30_000, 4 * lookEvery(plan));
}

/** The most that one look can have added to the time of a step, in milliseconds: clocks are set, and machines sleep. */
const longestLook = 60_000;

/** Milliseconds since this was asked last, by a clock that may jump. */
export function stopwatch(clock: Clock): () => number {
  let last = clock.now();
  return () => {
    const before = last;
    last = clock.now();
    return Math.min(Math.max(0, last - before), longestLook);
  };
}

/** A revision is given up if it is not ready at so many looks in a row: a restart takes a moment. */
export const mostUnready = 2;
