import type { MailOutcome } from './outcome.ts';
import { type MailRecord, untried } from './record.ts';

/** Failures that the broker retries as soon as it likes; after that, pauses begin. */
const quickFailures = 3;
/** The most copies of a mail that a person may get. */
const copies = 3;
/** The longest pause, as a multiple of the first. */
const longest = 5;

const notInTime = 'The mail could not be sent in time. The prints are here, on this page.';
const neverConfirmed =
  'The mail server took the mail but never confirmed it. It may have arrived; the prints are here, on this page.';

export type Permission = { may: 'send' } | { may: 'wait' } | { may: 'end'; reason: string };

/**
 * Whether to make an attempt now.
 * @param waitedSeconds since the record was written
 * @param late whether the job's deadline has passed
 */
export function permissionFor(record: MailRecord, waitedSeconds: number, late: boolean): Permission {
  if (record.unsure >= copies || (late && record.unsure > 0)) return { may: 'end', reason: neverConfirmed };
  return { may: late || waitedSeconds >= record.pauseSeconds ? 'send' : 'wait' };
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

interface Circumstances {
  late: boolean;
  /** Seconds. */
  firstPause: number;
}

/** What to do after an attempt. `record` is what was known before it. */
export function nextStep(outcome: MailOutcome, record: MailRecord, { late, firstPause }: Circumstances): NextStep {
  switch (outcome.kind) {
    case 'sent':
      return { step: 'end', mail: 'sent' };
    case 'addressRefused':
      return failed('The mail server accepts no mail for this address. Check it, and post the photos again.');
    case 'contentRefused':
      return failed('The mail server refused the mail. The prints are here, on this page.');
    case 'unsure': {
      const next = handedOver(record, firstPause);
      return late || next.unsure >= copies ? failed(neverConfirmed) : { step: 'wait', record: next };
    }
    default:
  }
  const failures = record.failures + 1;
  // A clock that is wrong by a day must not cost anybody their mail.
  if (late && failures >= quickFailures) return failed(notInTime);
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
