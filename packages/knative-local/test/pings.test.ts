import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../src/limits.ts';
import type { PingSpec } from '../src/manifest/topology.ts';
import { createPings } from '../src/pings.ts';
import { testClock } from './clock.ts';
import { destination, startSubscriber, type TestDestination } from './subscriber.ts';

// Schedules are croner's, which takes its time from the globals.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.parse('2026-07-01T12:00:30Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const everyMinute: PingSpec = {
  name: 'tick',
  schedule: '* * * * *',
  contentType: 'application/json',
  data: '{"open":true}',
  sink: { service: 'sweep' },
};

/** PingSources before one subscriber. */
function open(subscriber: TestDestination) {
  const clock = testClock(Date.now());
  const lines: string[] = [];
  const sinks: unknown[] = [];
  const pings = createPings(
    (sink) => {
      sinks.push(sink);
      return subscriber;
    },
    (source, line) => lines.push(`${source}: ${line}`),
    clock,
  );
  return { pings, clock, lines, sinks };
}

/** Lets time pass, for schedules. */
const pass = (ms: number) => vi.advanceTimersByTime(ms);

/** Until the subscriber has answered so many times. */
async function answered({ returned }: { returned: () => number }, count: number): Promise<void> {
  while (returned() < count) await immediate();
  for (let turn = 0; turn < 5; turn += 1) await immediate();
}

test('an event is sent at every moment of the schedule, and at no other', async () => {
  const server = await startSubscriber();
  const subscriber = destination(server.url);
  const { pings, clock, lines, sinks } = open(subscriber);
  pings.apply([everyMinute]);
  pass(29_999);
  expect(subscriber.given).toBe(0);
  pass(1);
  await answered({ returned: () => subscriber.returned }, 1);
  pass(60_000);
  await answered({ returned: () => subscriber.returned }, 2);
  expect([sinks, lines]).toEqual([[{ service: 'sweep' }, { service: 'sweep' }], []]);
  const [first, second] = server.received;
  expect(first!.headers).toMatchObject({
    'ce-specversion': '1.0',
    'ce-source': '/apis/v1/namespaces/default/pingsources/tick',
    'ce-type': 'dev.knative.sources.ping',
    'ce-time': new Date(clock.now()).toISOString(),
    'content-type': 'application/json',
  });
  expect([first!.body.toString(), first!.headers['prefer']]).toEqual(['{"open":true}', undefined]);
  expect(first!.headers['ce-id']).not.toBe(second!.headers['ce-id']);
  pings.stop();
});

test('a schedule runs in the time zone that the manifest names', () => {
  const subscriber = destination();
  const { pings } = open(subscriber);
  // 15:00 in Berlin is 13:00 UTC.
  pings.apply([{ ...everyMinute, schedule: '0 15 * * *', timezone: 'Europe/Berlin' }]);
  pass(59 * 60_000);
  expect(subscriber.given).toBe(0);
  pass(60_000);
  expect(subscriber.given).toBe(1);
  pings.stop();
});

test('a moment is skipped while the event before it is still under way; another PingSource does not wait', async () => {
  const subscriber = destination();
  const { pings, clock } = open(subscriber);
  pings.apply([everyMinute, { ...everyMinute, name: 'other' }]);
  pass(30_000);
  pass(60_000);
  expect(subscriber.given).toBe(2);
  pings.stop();
  await clock.advance(0);
});

test('an event that was sent makes way for the next', async () => {
  const server = await startSubscriber();
  const subscriber = destination(server.url);
  const { pings } = open(subscriber);
  pings.apply([everyMinute]);
  for (let count = 1; count <= 3; count += 1) {
    pings.sendAll();
    await answered({ returned: () => subscriber.returned }, count);
  }
  pings.stop();
});

test('a failure is reported, and not retried: the next event follows the schedule', async () => {
  const server = await startSubscriber((response) => response.writeHead(500).end());
  const subscriber = destination(server.url);
  const { pings, lines } = open(subscriber);
  pings.apply([everyMinute]);
  pings.sendAll();
  await answered({ returned: () => subscriber.returned }, 1);
  expect(lines).toEqual(['ping: tick to somebody failed (500); the next one follows its schedule']);
  pass(30_000);
  await answered({ returned: () => subscriber.returned }, 2);
  expect(subscriber.given).toBe(2);
  pings.stop();
});

test('a subscriber that takes too long has failed', async () => {
  const server = await startSubscriber(() => undefined);
  const subscriber = destination(server.url);
  const { pings, clock, lines } = open(subscriber);
  pings.apply([everyMinute]);
  pings.sendAll();
  await clock.advance(limits.deliveryTime);
  await answered({ returned: () => subscriber.returned }, 1);
  expect(lines.join()).toContain('no answer within 300 s');
  pings.stop();
});

test('at a start, all are sent at once, with the data that the caller makes of theirs', async () => {
  const server = await startSubscriber();
  const subscriber = destination(server.url);
  const { pings } = open(subscriber);
  pings.apply([everyMinute, { ...everyMinute, name: 'other', data: 'b' }]);
  pings.sendAll((data) => `first ${data}`);
  await answered({ returned: () => subscriber.returned }, 2);
  expect(new Set(server.received.map(({ body }) => body.toString()))).toEqual(new Set(['first {"open":true}', 'first b']));
  pings.stop();
});

test('after a change of the manifests, the old schedule ends', () => {
  const subscriber = destination();
  const { pings } = open(subscriber);
  pings.apply([everyMinute]);
  pings.apply([]);
  pass(120_000);
  pings.sendAll();
  expect(subscriber.given).toBe(0);
  pings.stop();
});

test('once stopped, nothing is sent', () => {
  const subscriber = destination();
  const { pings } = open(subscriber);
  pings.apply([everyMinute]);
  pings.stop();
  pass(120_000);
  expect(subscriber.given).toBe(0);
});

test('what waits for its turn when all is stopped is given up without a word', async () => {
  const stuck = destination();
  let waiting: AbortSignal | undefined;
  const subscriber = {
    ...stuck,
    turn(signal: AbortSignal) {
      waiting = signal;
      return stuck.turn(signal);
    },
  };
  const { pings, clock, lines } = open(subscriber);
  pings.apply([everyMinute]);
  pings.sendAll();
  expect(waiting?.aborted).toBe(false);
  pings.stop();
  await clock.advance(0);
  expect([waiting?.aborted, lines]).toEqual([true, []]);
});
