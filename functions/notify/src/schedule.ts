import type { MailOutcome } from './outcome.ts';
import { type MailRecord, untried } from './record.ts';

/** Failures that the broker retries as soon as it likes; after that, pauses begin. */
const quickFailures = 3;
/** The most copies of a mail that a person may get. */
const copies = 3;
/** The longest pause, as a multiple of the first. */
const longest = 5;

const neverConfirmed =
  'The mail server took the mail but never confirmed it. It may have arrived; the prints are here, on this page.';

export type Permission = { may: 'send' } | { may: 'wait' } | { may: 'end'; reason: string };

/**
 * Whether to make an attempt now.
 * @param waitedSeconds since the record was written
 */
export function permissionFor(record: MailRecord, waitedSeconds: number): Permission {
  if (record.unsure >= copies) return { may: 'end', reason: neverConfirmed };
  return { may: waitedSeconds >= record.pauseSeconds ? 'send' : 'wait' };
}

/** What to store before a mail is handed over: if nobody hears the answer, it counts as one that may have arrived. */
export function handedOver(record: MailRecord, firstPause: number): MailRecord {
  return { ...record, unsure: record.unsure + 1, pauseSeconds: firstPause * longest ** record.unsure };
}

export type NextStep =
  | { step: 'end'; mail: 'sent' | 'failed'; reason?: string }
  /** Soon: the broker retries. */
  | { step: 'retry'; record: MailRecord }
  /** Once the pause of the record is over: sweep asks again. */
  | { step: 'wait'; record: MailRecord };

/**
 * What follows from an attempt. No number of failures ends a job: its deadline is sweep's to watch.
 * @param record what was known before it
 * @param firstPause seconds
 */
export function nextStep(outcome: MailOutcome, record: MailRecord, firstPause: number): NextStep {
  switch (outcome.kind) {
    case 'sent':
      return { step: 'end', mail: 'sent' };
    case 'addressRefused':
      return failed('The mail server accepts no mail for this address. Check it, and post the photos again.');
    case 'contentRefused':
      return failed('The mail server refused the mail. The prints are here, on this page.');
    case 'unsure': {
      const next = handedOver(record, firstPause);
      return next.unsure >= copies ? failed(neverConfirmed) : { step: 'wait', record: next };
    }
    default:
  }
  const failures = record.failures + 1;
  const next = { ...record, failures };
  if (outcome.kind === 'misconfigured') return { step: 'wait', record: { ...next, pauseSeconds: growing(failures) } };
  if (outcome.retryAfterSeconds !== undefined)
    return { step: 'wait', record: { ...next, pauseSeconds: outcome.retryAfterSeconds } };
  if (failures <= quickFailures) return { step: 'retry', record: { ...next, pauseSeconds: untried.pauseSeconds } };
  return { step: 'wait', record: { ...next, pauseSeconds: growing(failures - quickFailures) } };

  function growing(round: number): number {
    return firstPause * Math.min(2 ** (round - 1), longest);
  }
}

function failed(reason: string): NextStep {
  return { step: 'end', mail: 'failed', reason };
}
