import type { WebhookEnd } from '@darkroom/shared/job';
import type { WebhookOutcome } from './outcome.ts';
import type { WebhookRecord } from './record.ts';

/** Failures that the broker retries as soon as it likes; after that, pauses begin. */
const quickFailures = 3;
/** With pauses that begin at five minutes, the last is a day after the first. */
export const mostAttempts = 12;
/** Seconds: however long a target asks us to wait. */
const longestPause = 24 * 60 * 60;

export type NextStep =
  | { step: 'end'; end: WebhookEnd }
  /** Soon: the broker retries. */
  | { step: 'retry'; record: WebhookRecord }
  /** Once the pause of the record is over. */
  | { step: 'wait'; record: WebhookRecord };

/**
 * What follows from an attempt.
 * @param record what was known before it
 * @param firstPause seconds
 */
export function nextStep(outcome: WebhookOutcome, record: WebhookRecord, firstPause: number): NextStep {
  if (outcome.kind === 'delivered') return { step: 'end', end: { status: 'delivered' } };
  const { reason } = outcome;
  const failures = record.failures + 1;
  if (outcome.kind === 'refused') return { step: 'end', end: { status: 'failed', reason } };
  if (failures >= mostAttempts)
    return { step: 'end', end: { status: 'failed', reason: `${reason} It was tried ${failures} times.` } };
  if (outcome.retryAfterSeconds !== undefined) return wait(outcome.retryAfterSeconds);
  if (failures <= quickFailures) return { step: 'retry', record: { failures, pauseSeconds: 0 } };
  return wait(firstPause * 2 ** (failures - quickFailures - 1));

  function wait(seconds: number): NextStep {
    return { step: 'wait', record: { failures, pauseSeconds: Math.min(seconds, longestPause) } };
  }
}
