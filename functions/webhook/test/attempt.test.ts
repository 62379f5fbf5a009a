import { parse } from 'valibot';
import { networks } from '@darkroom/shared/webhook/networks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { answerSeconds, type Attempt, openAttempt } from '../src/attempt.ts';
import { secrets } from '../src/signature.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { secret } from './support.ts';

let receiver: Receiver;
let clock: TestClock;
let attempt: Attempt;
beforeEach(async () => {
  receiver = await startReceiver();
  clock = testClock();
  const allowed = { WEBHOOKS: 'http', WEBHOOK_NETWORKS: parse(networks, '127.0.0.1/32') } as const;
  attempt = openAttempt({ ...allowed, WEBHOOK_SECRET: parse(secrets, `${secret} whsec_${'b'.repeat(32)}`) }, clock);
});
afterEach(() => receiver.close());

const message = { id: 'msg_1', body: '{}' };
const never = new AbortController().signal;

test('a target that does not answer has 15 s', async () => {
  receiver.behaviour = () => undefined;
  const trying = attempt(receiver.url, message, never);
  await expect.poll(() => receiver.calls.length).toBe(1);
  await clock.advance(answerSeconds * 1000);
  expect(await trying).toEqual({ kind: 'failed', reason: 'The webhook did not answer within 15 s.' });
});

test('an answer whose end does not come was an answer', async () => {
  receiver.behaviour = (_call, response) => void response.writeHead(200).write('a');
  const trying = attempt(receiver.url, message, never);
  await expect.poll(() => receiver.calls.length).toBe(1);
  const done = Promise.withResolvers<void>();
  void trying.finally(done.resolve);
  let over = false;
  void done.promise.then(() => (over = true));
  await expect
    .poll(async () => {
      await clock.advance(1000);
      return over;
    })
    .toBe(true);
  expect(await trying).toEqual({ kind: 'delivered' });
});

test('is given up with the reason of its signal', async () => {
  receiver.behaviour = () => undefined;
  const lost = new AbortController();
  const trying = attempt(receiver.url, message, lost.signal);
  trying.catch(() => undefined);
  await expect.poll(() => receiver.calls.length).toBe(1);
  lost.abort(new Error('another has the lock'));
  await expect(trying).rejects.toThrow('another has the lock');
  expect(clock.sleepers()).toBe(0);
});

test('each attempt has a time of its own, and a signature by each secret', async () => {
  await attempt(receiver.url, message, never);
  await clock.advance(60_000);
  await attempt(receiver.url, message, never);
  const [one, other] = receiver.calls.map(({ headers }) => headers) as [Record<string, string>, Record<string, string>];
  expect(Number(other['webhook-timestamp']) - Number(one['webhook-timestamp'])).toBe(60);
  expect(one['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  expect(other['webhook-signature']).not.toBe(one['webhook-signature']);
});

test('Retry-After may be a date', async () => {
  receiver.behaviour = (_call, response) =>
    response.writeHead(503, { 'retry-after': new Date(clock.now() + 90_000).toUTCString() }).end();
  expect(await attempt(receiver.url, message, never)).toMatchObject({ kind: 'failed', retryAfterSeconds: 90 });
});
