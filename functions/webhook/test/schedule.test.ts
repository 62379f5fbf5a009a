import { expect, test } from 'vitest';
import type { WebhookOutcome } from '../src/outcome.ts';
import { mostAttempts, nextStep } from '../src/schedule.ts';

const failed: WebhookOutcome = { kind: 'failed', reason: 'The webhook answered 500.' };
const after = (failures: number, outcome: WebhookOutcome = failed) => nextStep(outcome, { failures, pauseSeconds: 0 }, 300);

test('three quick attempts, then pauses that double, and an end within a day', () => {
  const steps = Array.from({ length: mostAttempts }, (_, failures) => after(failures));
  expect(steps.slice(0, 3).map(({ step }) => step)).toEqual(['retry', 'retry', 'retry']);
  const pauses = steps.slice(3, -1).map((next) => (next.step === 'wait' ? next.record.pauseSeconds : next));
  expect(pauses).toEqual([300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400]);
  expect(steps.at(-1)).toEqual({
    step: 'end',
    end: { status: 'failed', reason: 'The webhook answered 500. It was tried 12 times.' },
  });
});

test('counts attempts', () => expect(after(4)).toMatchObject({ record: { failures: 5 } }));

test('waits as long as the target asks, but no more than a day', () => {
  const asking = (retryAfterSeconds: number): WebhookOutcome => ({ kind: 'failed', reason: 'later', retryAfterSeconds });
  expect(after(0, asking(90))).toEqual({ step: 'wait', record: { failures: 1, pauseSeconds: 90 } });
  expect(after(0, asking(0))).toEqual({ step: 'wait', record: { failures: 1, pauseSeconds: 0 } });
  expect(after(0, asking(1e9))).toMatchObject({ record: { pauseSeconds: 86_400 } });
  expect(after(mostAttempts - 1, asking(1))).toMatchObject({ step: 'end' });
});

test('ends at once where it was delivered, or no attempt can help', () => {
  expect(after(0, { kind: 'delivered' })).toEqual({ step: 'end', end: { status: 'delivered' } });
  expect(after(0, { kind: 'refused', reason: 'gone' })).toEqual({ step: 'end', end: { status: 'failed', reason: 'gone' } });
});
