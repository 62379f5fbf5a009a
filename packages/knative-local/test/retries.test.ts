import { expect, test } from 'vitest';
import type { Message } from '../src/broker/attempt.ts';
import { unobserved } from '../src/broker/observer.ts';
import { deliver } from '../src/broker/delivery.ts';
import type { Clock } from '../src/clock.ts';
import type { DeliverySpec } from '../src/manifest/topology.ts';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import { binary, destination, replyWith, startSubscriber, type TestDestination } from './subscriber.ts';

const timeout = 300_000;
const message: Message = {
  event: {
    attributes: new Map(Object.entries({ specversion: '1.0', id: '7', source: '/test', type: 'test' })),
    data: Buffer.from('kept'),
  },
  headers: { traceparent: 't' },
};

/** Pauses take no time, and timeouts never come. */
function skippingClock(): Clock & { pauses: number[] } {
  const clock = testClock();
  const pauses: number[] = [];
  return {
    ...clock,
    pauses,
    sleep: async (ms, signal) => (ms === timeout ? clock.sleep(ms, signal) : void pauses.push(ms)),
  };
}

/** Nobody looks. */
const observed = unobserved.event(message.event, { broker: 'default' }).delivery('trigger', 'somebody');

interface Options {
  /** The status of each response; then 204. */
  statuses?: number[];
  body?: string;
  rules?: Partial<DeliverySpec>;
  /** Those of the dead letter sink; without them there is none. */
  sink?: number[];
}

/** Delivers one event to the end. */
async function run({ statuses = [], body = '', rules = {}, sink }: Options) {
  const answering = (all: number[]) =>
    startSubscriber((response, _received, number) => response.writeHead(all[number - 1] ?? 204).end(body));
  const server = await answering(statuses);
  const deadLetters = await answering(sink ?? []);
  const lines: string[] = [];
  const clock = skippingClock();
  await deliver({
    message,
    subscriber: destination(server.url),
    ...(sink && { deadLetterSink: { ...destination(deadLetters.url), name: 'the sink' } }),
    rules: { retry: 3, backoffPolicy: 'exponential', backoffDelay: 1000, timeout, ...rules },
    reply: () => undefined,
    observed,
    log: (source, line) => lines.push(`${source}: ${line}`),
    clock,
    signal: new AbortController().signal,
  });
  return { tries: server.received.length, deadLetters: deadLetters.received, lines, pauses: clock.pauses };
}

test.each<[string, Partial<DeliverySpec>, number[]]>([
  ['linear', { backoffPolicy: 'linear' }, [0, 1000, 2000]],
  ['exponential', {}, [1000, 2000, 4000]],
  ['without a delay, no', { backoffDelay: 0 }, [0, 0, 0]],
])('%s back-off, as in Knative', async (_name, rules, expected) => {
  const { tries, pauses, lines } = await run({ statuses: [500, 500, 500, 500], rules });
  expect([tries, pauses]).toEqual([4, expected]);
  expect(lines[1]).toBe(`broker: test id=7 to somebody failed (500); attempt 2 of 4, again in ${expected[1]! / 1000} s`);
});

test('what is delivered at the second attempt is not tried again, and is no dead letter', async () => {
  const { tries, deadLetters, lines } = await run({ statuses: [503], sink: [] });
  expect([tries, deadLetters.length, lines.length]).toEqual([2, 0, 1]);
});

test('an event without retries is tried once', async () => {
  const { tries, lines } = await run({ statuses: [500, 500], rules: { retry: 0 } });
  expect(tries).toBe(1);
  expect(lines).toEqual([
    'broker: test id=7 could not be delivered to somebody (500); there is no dead letter sink, so it is dropped',
  ]);
});

test('a refusal is not retried: the event goes to the dead letter sink as it came, with what went wrong', async () => {
  const { tries, deadLetters, lines } = await run({ statuses: [422], body: 'bad', sink: [] });
  expect([tries, deadLetters.length]).toEqual([1, 1]);
  expect(deadLetters[0]!.body.toString()).toBe('kept');
  expect(deadLetters[0]!.headers).toMatchObject({
    ...binary({ id: '7' }),
    traceparent: 't',
    'ce-knativeerrordest': 'http://somebody.in.the.cluster',
    'ce-knativeerrorcode': '422',
    'ce-knativeerrordata': Buffer.from('bad').toString('base64'),
  });
  expect(deadLetters[0]!.headers['prefer']).toBeUndefined();
  expect(lines).toEqual([
    expect.stringMatching(/^broker: test id=7 could not be delivered to somebody \(422 bad\).*dead letter sink the sink$/),
  ]);
});

test.each([
  [768, 0],
  [769, 1],
])('a dead letter carries up to 768 bytes of an error body; of %i bytes, %i warning is given', async (size, warnings) => {
  const { deadLetters, lines } = await run({ statuses: [422], body: 'x'.repeat(size), sink: [] });
  expect(deadLetters[0]!.headers['ce-knativeerrordata']).toBe(Buffer.from('x'.repeat(768)).toString('base64'));
  const found = lines.filter((line) =>
    line.startsWith(`broker: test id=7: somebody failed with a body of ${size} bytes. Keep it to 768`),
  );
  expect(found.length).toBe(warnings);
});

test('a dead letter sink is tried by the same rules; if it fails to the last, that is said', async () => {
  const { deadLetters, pauses, lines } = await run({ statuses: [422], sink: [500, 500, 500, 500] });
  expect([deadLetters.length, pauses]).toEqual([4, [1000, 2000, 4000]]);
  expect(lines.at(-1)).toMatch(/^broker: test id=7 could .* the dead letter sink the sink failed too \(500\), so it is dropped$/);
  const recovering = await run({ statuses: [422], sink: [500, 500] });
  expect(recovering.deadLetters.length).toBe(3);
  expect(recovering.lines.join()).not.toContain('dropped');
});

/** A delivery that is stopped by `stop`. The first attempt waits until the test answers it. */
async function begin({ subscriber, retry = 3 }: { subscriber: TestDestination; retry?: number }) {
  const clock = testClock();
  const stopping = new AbortController();
  const sink = destination('http://127.0.0.1:1');
  const replies: Message[] = [];
  const lines: string[] = [];
  const state = { over: false };
  void deliver({
    message,
    subscriber,
    deadLetterSink: sink,
    rules: { retry, backoffPolicy: 'exponential', backoffDelay: 60_000, timeout },
    reply: (reply) => void replies.push(reply),
    observed,
    log: (_source, line) => lines.push(line),
    clock,
    signal: stopping.signal,
  }).then(() => (state.over = true));
  return { clock, stop: () => stopping.abort(), sink, replies, lines, state };
}

test('a broker that stops does not wait out a back-off, and tries no more', async () => {
  const server = await startSubscriber((response) => response.writeHead(500).end());
  const subscriber = destination(server.url);
  const { clock, stop, sink, state } = await begin({ subscriber });
  await eventually(() => expect(clock.pending()).toEqual([60_000]));
  stop();
  await clock.advance(0);
  expect([state.over, subscriber.given, sink.given, clock.pending()]).toEqual([true, 1, 0, []]);
});

test('a broker that stops does not wait out the back-off of a dead letter either', async () => {
  const server = await startSubscriber((response) => response.writeHead(422).end());
  const { clock, stop, sink, lines, state } = await begin({ subscriber: destination(server.url) });
  await eventually(() => expect(clock.pending()).toEqual([60_000]));
  stop();
  await clock.advance(0);
  expect([state.over, sink.given]).toEqual([true, 1]);
  expect(lines.join()).not.toContain('dropped');
});

test('a broker that stops waits for no turn', async () => {
  const subscriber = destination();
  const { clock, stop, sink, lines, state } = await begin({ subscriber });
  await clock.advance(timeout);
  expect(state.over).toBe(false);
  stop();
  await clock.advance(0);
  expect([state.over, subscriber.given, sink.given, lines]).toEqual([true, 1, 0, []]);
});

test.each([
  ['a failure', 500, 0],
  ['a refusal', 422, 0],
  ['a delivery', 200, 1],
])('an attempt under way is finished while the broker stops: %s', async (_name, status, replied) => {
  const held = Promise.withResolvers<() => void>();
  const server = await startSubscriber((response) =>
    held.resolve(() => {
      if (status === 200) replyWith(response, { type: 'test.reply' });
      else response.writeHead(status).end();
    }),
  );
  const subscriber = destination(server.url);
  const { stop, sink, replies, lines, state } = await begin({ subscriber });
  const answer = await held.promise;
  stop();
  expect(state.over).toBe(false);
  answer();
  await eventually(() => expect(state.over).toBe(true));
  expect([server.received.length, sink.given, replies.length, lines]).toEqual([1, 0, replied, []]);
});

test('a reply that is refused makes a dead letter that names who refused it', async () => {
  const server = await startSubscriber((response) => replyWith(response, { type: 'test.reply' }));
  const deadLetters = await startSubscriber();
  await deliver({
    message,
    subscriber: destination(server.url),
    deadLetterSink: destination(deadLetters.url),
    rules: { retry: 3, backoffPolicy: 'linear', backoffDelay: 0, timeout },
    reply: ({ event }) => ({
      result: 'failed',
      retriable: false,
      reason: `no ${event.attributes.get('type')}`,
      error: { destination: 'http://the.broker', code: 400, body: Buffer.alloc(0) },
    }),
    observed,
    log: () => undefined,
    clock: skippingClock(),
    signal: new AbortController().signal,
  });
  expect(server.received.length).toBe(1);
  expect(deadLetters.received.map(({ headers }) => [headers['ce-id'], headers['ce-knativeerrordest']])).toEqual([
    ['7', 'http://the.broker'],
  ]);
});

test('a dead letter of a subscriber that was too slow tells nothing of the failure', async () => {
  const server = await startSubscriber(() => undefined);
  const deadLetters = await startSubscriber();
  const clock = testClock();
  const over = deliver({
    message,
    subscriber: destination(server.url),
    deadLetterSink: destination(deadLetters.url),
    rules: { retry: 0, backoffPolicy: 'linear', backoffDelay: 0, timeout },
    reply: () => undefined,
    observed,
    log: () => undefined,
    clock,
    signal: new AbortController().signal,
  });
  await clock.advance(timeout);
  await over;
  expect(Object.keys(deadLetters.received[0]!.headers).filter((name) => name.startsWith('ce-knativeerror'))).toEqual([]);
});
