import { describe, expect, test } from 'vitest';
import type { MailOutcome } from '../src/outcome.ts';
import { type MailRecord, untried } from '../src/record.ts';
import { handedOver, nextStep, permissionFor } from '../src/schedule.ts';

const busy: MailOutcome = { kind: 'busy', answer: '451 at DATA' };
const misconfigured: MailOutcome = { kind: 'misconfigured', answer: '535 at AUTH' };
const unsure: MailOutcome = { kind: 'unsure', answer: 'ECONNECTION at the end of DATA' };
const firstPause = 60;

/** The steps that a series of equal outcomes leads to, with the pause before the next one. */
function series(outcome: MailOutcome, count: number, start: MailRecord = untried) {
  const steps: (string | number)[] = [];
  let record = start;
  for (let attempt = 0; attempt < count; attempt += 1) {
    const next = nextStep(outcome, record, firstPause);
    steps.push(next.step === 'wait' ? next.record.pauseSeconds : next.step);
    if (next.step === 'end') break;
    record = next.record;
  }
  return steps;
}

describe('what follows from an attempt', () => {
  test('what is sent, or can never be sent, ends the job', () => {
    expect(nextStep({ kind: 'sent' }, untried, firstPause)).toEqual({ step: 'end', mail: 'sent' });
    for (const kind of ['addressRefused', 'contentRefused'] as const) {
      expect(nextStep({ kind, answer: '550' }, untried, firstPause)).toEqual({
        step: 'end',
        mail: 'failed',
        reason: expect.stringMatching(/^The mail server .+\.$/) as string,
      });
    }
  });

  test('a busy server is tried again soon three times, then ever more rarely', () => {
    expect(series(busy, 8)).toEqual(['retry', 'retry', 'retry', 60, 120, 240, 300, 300]);
  });

  test('Retry-After is respected at once', () => {
    expect(series({ ...busy, retryAfterSeconds: 1000 }, 2)).toEqual([1000, 1000]);
    expect(series({ ...busy, retryAfterSeconds: 0 }, 1)).toEqual([0]);
  });

  test("the operator's fault is tried rarely from the first time on, and costs nobody the mail in time", () => {
    expect(series(misconfigured, 20)).toEqual([60, 120, 240, ...Array.from({ length: 17 }, () => 300)]);
  });

  test('a mail whose fate is unknown goes out three times in all, each further from the last', () => {
    expect(series(unsure, 9)).toEqual([60, 300, 'end']);
  });

  test('copies are counted across the failures between them', () => {
    const first = nextStep(unsure, untried, firstPause);
    const second = nextStep(busy, first.step === 'wait' ? first.record : untried, firstPause);
    expect(second).toMatchObject({ step: 'retry', record: { unsure: 1, failures: 1, pauseSeconds: 0 } });
    expect(series(unsure, 9, { ...untried, unsure: 1, failures: 1 })).toEqual([300, 'end']);
  });

  test('it is remembered that only links are accepted', () => {
    const record = { ...untried, linksOnly: true };
    for (const outcome of [busy, misconfigured, unsure])
      expect(nextStep(outcome, record, firstPause)).toMatchObject({ record: { linksOnly: true } });
  });

  test('no number of failures ends a job: that is for sweep to decide', () => {
    for (const outcome of [busy, misconfigured]) expect(series(outcome, 500)).not.toContain('end');
  });
});

describe('whether to make an attempt', () => {
  test('not before the pause is over', () => {
    const record = { ...untried, failures: 1, pauseSeconds: 60 };
    expect(permissionFor(record, 59.9).may).toBe('wait');
    expect(permissionFor(record, 60).may).toBe('send');
    expect(permissionFor(untried, 0).may).toBe('send');
  });

  test('not where enough copies went out', () => {
    expect(permissionFor({ ...untried, unsure: 3 }, 9999)).toMatchObject({ may: 'end' });
    expect(permissionFor({ ...untried, unsure: 2 }, 9999)).toMatchObject({ may: 'send' });
  });
});

test('a mail that is handed over counts as one that may have arrived', () => {
  const once = handedOver(untried, 60);
  expect(once).toEqual({ failures: 0, unsure: 1, pauseSeconds: 60, linksOnly: false });
  expect(handedOver(once, 60)).toEqual({ failures: 0, unsure: 2, pauseSeconds: 300, linksOnly: false });
});
