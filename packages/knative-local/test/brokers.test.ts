import { setImmediate as immediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Message } from '../src/broker/attempt.ts';
import { createBrokers } from '../src/broker/broker.ts';
import { limits } from '../src/limits.ts';
import type { TriggerSpec } from '../src/manifest/topology.ts';
import { arrive } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import { destination, replyWith, startSubscriber, type TestDestination } from './subscriber.ts';

const delivery = { retry: 0, backoffPolicy: 'exponential', backoffDelay: 0, timeout: 300_000 } as const;
const trigger = (service: string, type: string, rest: Partial<TriggerSpec> = {}): TriggerSpec => ({
  name: service,
  broker: 'default',
  filters: [],
  attributes: { type },
  subscriber: { service },
  delivery,
  ...rest,
});

function message(attributes: Record<string, string> = {}, size = 0): Message {
  const all = { specversion: '1.0', id: '1', source: '/test', type: 'test', ...attributes };
  return {
    event: { attributes: new Map(Object.entries(all)), data: Buffer.alloc(size) },
    headers: { traceparent: 't' },
  };
}

/** Brokers before these services. One that is not named gives no turns. */
function open(services: Record<string, TestDestination>, triggers: TriggerSpec[]) {
  const clock = testClock();
  const lines: string[] = [];
  const asked: string[] = [];
  const brokers = createBrokers(
    (wanted) => {
      const name = 'service' in wanted ? wanted.service : '';
      asked.push(name);
      if (name === 'faulty') throw new Error('a fault in the program');
      return (services[name] ??= destination());
    },
    (source, line) => lines.push(`${source}: ${line}`),
    clock,
  );
  brokers.apply({
    brokers: [
      { name: 'default', delivery },
      { name: 'other', delivery },
    ],
    triggers,
  });
  return { brokers, clock, lines, asked, services };
}

/** A subscriber that holds its answers back. */
async function holding(attributes: Record<string, string>) {
  const held: (() => void)[] = [];
  const server = await startSubscriber((response) => held.push(() => replyWith(response, attributes)));
  const subscriber = destination(server.url);
  /** Answers one event, and waits until the broker has had the answer. */
  async function answer() {
    await arrive(held, 1);
    const { returned } = subscriber;
    held.shift()!();
    while (subscriber.returned === returned) await immediate();
    await immediate();
  }
  return { subscriber, server, answer };
}

test.each<[number, RegExp, string, Record<string, string>]>([
  [400, /attribute source is missing/, 'default', { source: '' }],
  [400, /attribute id is missing/, 'unknown', { id: '' }],
  [404, /no Broker unknown/, 'unknown', {}],
  [400, /knativebrokerttl/, 'default', { knativebrokerttl: '1' }],
  [400, /knativebrokerttl/, 'default', { knativebrokerttl: '0' }],
  [400, /knativebrokerttl/, 'default', { knativebrokerttl: '-5' }],
])('refuses with %i: %s', (status, reason, broker, attributes) => {
  const { brokers, asked } = open({}, [trigger('any', 'test')]);
  expect(brokers.publish(broker, message(attributes))).toEqual({ status, reason: expect.stringMatching(reason) });
  expect(asked).toEqual([]);
});

test('every Trigger of the Broker that matches gets the event, and no other', () => {
  const { brokers, asked } = open({}, [
    trigger('one', 'test'),
    trigger('other type', 'another'),
    trigger('two', 'test'),
    trigger('other broker', 'test', { broker: 'other' }),
  ]);
  expect(brokers.publish('default', message())).toBeUndefined();
  expect(asked).toEqual(['one', 'two']);
  expect(brokers.publish('other', message())).toBeUndefined();
  expect(asked).toEqual(['one', 'two', 'other broker']);
});

test('an event says when it came in; what travels along stays with it, but its time to live does not', async () => {
  const { subscriber, server } = await holding({});
  const { brokers, clock } = open({ worker: subscriber }, [trigger('worker', 'test')]);
  brokers.publish('default', message({ knativebrokerttl: '2', knativearrivaltime: 'invented' }));
  await arrive(server.received, 1);
  const [{ headers }] = server.received as [(typeof server.received)[0]];
  expect([headers['ce-knativearrivaltime'], headers['ce-knativebrokerttl'], headers['traceparent']]).toEqual([
    new Date(clock.now()).toISOString(),
    undefined,
    't',
  ]);
});

const fitting = limits.waitingBytes / limits.eventBytes;

/** Publishes large events that nobody takes until the broker asks to come back later, and tells how many fitted. */
function fill(brokers: ReturnType<typeof open>['brokers']): number {
  for (let count = 0; count <= fitting; count += 1) {
    const refusal = brokers.publish('default', message({ type: 'test.block' }, limits.eventBytes));
    if (!refusal) continue;
    expect(refusal).toEqual({ status: 503, reason: expect.stringContaining('Too many events') });
    return count;
  }
  return expect.unreachable('it is never full');
}

test('a broker that is full asks to come back later, and takes events in again once one has left', async () => {
  const { subscriber, answer } = await holding({ type: 'test.nobody' });
  const { brokers } = open({ worker: subscriber }, [trigger('worker', 'test'), trigger('blocked', 'test.block')]);
  brokers.publish('default', message({}, limits.eventBytes));
  expect(fill(brokers)).toBe(fitting - 1);
  await answer();
  expect(fill(brokers)).toBe(1);
  await brokers.stop();
});

test('a broker that is full takes replies in all the same: what came in must be able to leave', async () => {
  const { subscriber, answer } = await holding({ type: 'test.reply' });
  const { brokers, asked } = open({ worker: subscriber }, [
    trigger('worker', 'test'),
    trigger('blocked', 'test.block'),
    trigger('listener', 'test.reply'),
  ]);
  brokers.publish('default', message());
  fill(brokers);
  await answer();
  expect(asked.at(-1)).toBe('listener');
  expect(brokers.publish('default', message())).toMatchObject({ status: 503 });
  await brokers.stop();
});

test.each<[string, string | undefined, number]>([
  ['that the sender gave', '5', 4],
  ['of many digits', '0000000003', 2],
  ['that is none, as without one', 'soon', 255],
  ['that only begins as one', '2x', 255],
  ['that only ends as one', 'x2', 255],
  ['that the Broker gives', undefined, 255],
])('a loop of replies ends by the time to live %s', async (_name, knativebrokerttl, rounds) => {
  const server = await startSubscriber((response) => replyWith(response, { type: 'test' }));
  const worker = destination(server.url);
  const { brokers, lines, services } = open({ worker }, [
    trigger('worker', 'test', { delivery: { ...delivery, deadLetterSink: { service: 'sink' } } }),
  ]);
  brokers.publish('default', message(knativebrokerttl === undefined ? {} : { knativebrokerttl }));
  await arrive(lines, 1);
  expect([server.received.length, services['sink']!.given]).toEqual([rounds, 1]);
  expect(lines[0]).toContain('its reply was refused: The event has passed through the Broker too often');
  await brokers.stop();
});

test('a reply that is refused makes a dead letter that names the Broker', async () => {
  const { subscriber, answer } = await holding({ type: '' });
  const sink = await startSubscriber();
  const { brokers } = open({ worker: subscriber, sink: destination(sink.url) }, [
    trigger('worker', 'test', { delivery: { ...delivery, retry: 3, deadLetterSink: { service: 'sink' } } }),
  ]);
  brokers.publish('default', message());
  await answer();
  await arrive(sink.received, 1);
  expect(sink.received[0]!.headers).toMatchObject({
    'ce-knativeerrordest': 'http://broker-ingress.knative-eventing.svc.cluster.local/default/default',
    'ce-knativeerrorcode': '400',
    'ce-knativeerrordata': '',
  });
  expect(subscriber.given).toBe(1);
});

test('a reply that comes while the broker stops is lost with it, as in a cluster, and is no dead letter', async () => {
  const { subscriber, answer } = await holding({ type: 'test.reply' });
  const { brokers, asked, services, lines } = open({ worker: subscriber }, [
    trigger('worker', 'test', { delivery: { ...delivery, deadLetterSink: { service: 'sink' } } }),
    trigger('listener', 'test.reply'),
  ]);
  brokers.publish('default', message());
  const stopped = brokers.stop();
  await answer();
  await stopped;
  expect([asked, services['sink']!.given]).toEqual([['worker', 'sink'], 0]);
  expect(lines).toEqual(['broker: stops with 1 event on the way; those that wait are dropped']);
});

test('a broker that stops drops what waits for its turn, finishes what is under way, and refuses what comes', async () => {
  const { subscriber, answer } = await holding({ type: 'test.nobody' });
  const { brokers, lines } = open({ worker: subscriber }, [trigger('worker', 'test'), trigger('blocked', 'test.block')]);
  brokers.publish('default', message());
  brokers.publish('default', message({ type: 'test.block' }));
  let stopped = false;
  const stopping = brokers.stop().then(() => (stopped = true));
  for (let turn = 0; turn < 10; turn += 1) await immediate();
  expect(stopped).toBe(false);
  expect(brokers.publish('default', message())).toEqual({ status: 503, reason: expect.stringContaining('stopping') });
  await answer();
  await stopping;
  expect(lines).toEqual(['broker: stops with 2 events on the way; those that wait are dropped']);
});

test('a broker with nothing to do stops without a word', async () => {
  const { brokers, lines } = open({}, []);
  brokers.publish('default', message());
  await brokers.stop();
  expect(lines).toEqual([]);
});

test('an unexpected fault is reported with the event, and neither ends the runtime nor keeps it from stopping', async () => {
  const { subscriber, answer } = await holding({ type: 'test.reply' });
  const { brokers, lines } = open({ worker: subscriber }, [trigger('worker', 'test'), trigger('faulty', 'test.reply')]);
  brokers.publish('default', message());
  await answer();
  expect(lines).toEqual(['broker: test id=1: Error: a fault in the program']);
  await brokers.stop();
  expect(lines.length).toBe(1);
});

test('after a change of the manifests, the new Triggers hold', () => {
  const { brokers, asked } = open({}, [trigger('one', 'test')]);
  brokers.apply({ brokers: [{ name: 'default', delivery }], triggers: [trigger('two', 'test')] });
  brokers.publish('default', message());
  expect(asked).toEqual(['two']);
  expect(brokers.publish('other', message())?.status).toBe(404);
});
