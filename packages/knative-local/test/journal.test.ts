import { expect, test } from 'vitest';
import { createBrokers } from '../src/broker/broker.ts';
import type { Message } from '../src/broker/attempt.ts';
import { createJournal, type JournalOptions } from '../src/journal/journal.ts';
import type { TriggerSpec } from '../src/manifest/topology.ts';
import { createPings } from '../src/pings.ts';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import { destination, replyWith, startSubscriber, type TestSubscriber } from './subscriber.ts';

const delivery = { retry: 1, backoffPolicy: 'linear' as const, backoffDelay: 1000, timeout: 5000 };
const sink = { service: 'sink' };
const roomy = { count: 1000, bytes: 1_000_000 };

function message(attributes: Record<string, string> = {}, data = ''): Message {
  const all = { specversion: '1.0', id: '1', source: '/test', type: 'test', ...attributes };
  return { event: { attributes: new Map(Object.entries(all)), data: Buffer.from(data) }, headers: {} };
}

/** "test>stage": events of the type go to the service. */
function triggersOf(words: string[]): TriggerSpec[] {
  return words.map((word) => {
    const [type, service] = word.split('>') as [string, string];
    return { name: service, broker: 'default', filters: [], attributes: { type }, subscriber: { service }, delivery };
  });
}

/** A Broker whose journal is looked at. */
function open(
  servers: Record<string, TestSubscriber>,
  triggers: TriggerSpec[],
  { bounds = roomy, correlation }: Partial<JournalOptions> = {},
) {
  const clock = testClock();
  const journal = createJournal({ bounds, correlation, clock });
  const resolve = (wanted: object) => {
    const name = (wanted as { service: string }).service;
    return { ...destination(servers[name]?.url), name };
  };
  const brokers = createBrokers(resolve, () => undefined, clock, journal);
  brokers.apply({ brokers: [{ name: 'default', delivery }], triggers });
  const publish = (attributes?: Record<string, string>, data?: string) => brokers.publish('default', message(attributes, data));
  const pings = createPings(resolve, () => undefined, clock, journal);
  return { journal, publish, clock, brokers, pings };
}

test('tells of every attempt with its status and its wait, and that the second one arrived', async () => {
  const server = await startSubscriber((response, _received, number) => response.writeHead(number === 1 ? 503 : 202).end());
  const { journal, publish, clock } = open({ stage: server }, triggersOf(['test>stage']));
  const began = clock.now();
  publish({ colour: 'red' }, 'data');
  await eventually(() => expect(journal.find(1)?.deliveries[0]?.attempts[0]?.wait).toBe(0));
  await clock.advance(0);
  await eventually(() => expect(journal.find(1)?.deliveries[0]?.state).toBe('delivered'));
  expect(journal.find(1)).toEqual({
    number: 1,
    time: began,
    origin: 'broker default',
    attributes: expect.objectContaining({ type: 'test', colour: 'red' }) as object,
    bytes: 4,
    deliveries: [
      {
        trigger: 'stage',
        subscriber: 'stage',
        state: 'delivered',
        end: began,
        attempts: [
          { destination: 'stage', begun: began, duration: 0, status: 503, reason: '503', wait: 0 },
          { destination: 'stage', begun: began, duration: 0, status: 202 },
        ],
      },
    ],
  });
});

test('an event that nobody wants has no deliveries', () => {
  const { journal, publish } = open({}, []);
  publish();
  expect(journal.list({ limit: 9 })).toEqual([expect.objectContaining({ deliveries: [] })]);
  expect(journal.list({ limit: 9 })[0]).not.toHaveProperty('refused');
});

test('an event that the Broker refuses is there with status and reason; a reply that it refuses is told of by its delivery', async () => {
  const server = await startSubscriber((response) => replyWith(response, { type: '' }));
  const { journal, publish, brokers } = open({ stage: server }, triggersOf(['test>stage']));
  const heard: number[] = [];
  journal.follow((number) => heard.push(number));
  publish({ type: '' }, 'data');
  expect(heard).toEqual([1]);
  expect(journal.find(1)).toMatchObject({
    origin: 'broker default',
    attributes: { type: '', id: '1' },
    bytes: 4,
    refusal: { status: 400, reason: 'The attribute type is missing' },
    deliveries: [],
  });
  brokers.publish('none', message());
  expect(journal.summary(2)).toMatchObject({ origin: 'broker none', refused: 404 });
  publish({ id: 'taken' });
  const numbers = (query: object) => journal.list({ limit: 9, ...query }).map(({ number }) => number);
  expect(numbers({ state: 'refused' })).toEqual([2, 1]);
  await eventually(() => expect(journal.find(3)?.deliveries[0]?.state).toBe('lost'));
  expect(numbers({})).toEqual([3, 2, 1]);
  expect(numbers({ state: 'lost' })).toEqual([3]);
});

test('a dead letter goes to its sink; without a sink, or if that fails too, it is lost', async () => {
  const refuses = await startSubscriber((response) => response.writeHead(400).end('never'));
  const takes = await startSubscriber();
  const to = (name: string, deadLetterSink?: { service: string }) => ({
    ...triggersOf(['test>stage'])[0]!,
    name,
    delivery: { ...delivery, ...(deadLetterSink && { deadLetterSink }) },
  });
  const triggers = [to('with', sink), to('without'), to('in vain', { service: 'stage' })];
  const { journal, publish } = open({ stage: refuses, sink: takes }, triggers);
  publish();
  await eventually(() => expect(journal.find(1)!.deliveries.map(({ state }) => state)).toEqual(['dead letter', 'lost', 'lost']));
  const [first] = journal.find(1)!.deliveries;
  expect(first).toMatchObject({
    reason: '400 never',
    attempts: [
      { destination: 'stage', status: 400 },
      { destination: 'sink', status: 204 },
    ],
  });
  expect(journal.list({ limit: 9, state: 'dead letter' })).toHaveLength(1);
  expect(journal.list({ limit: 9, state: 'delivered' })).toEqual([]);
});

test('whatever the broker stops in the middle of has stopped', async () => {
  const { journal, publish, brokers } = open({}, triggersOf(['test>nobody']));
  publish();
  await brokers.stop();
  expect(journal.find(1)!.deliveries[0]).toMatchObject({ state: 'stopped', attempts: [{ duration: 0 }] });
});

test('a chain follows replies, from any of its events; another chain is none of it', async () => {
  const server = await startSubscriber((response, { headers }) => {
    if (headers['ce-type'] === 'test') replyWith(response, { type: 'next', id: `${String(headers['ce-id'])}/next` });
    else response.writeHead(204).end();
  });
  const { journal, publish } = open({ stage: server }, triggersOf(['test>stage', 'next>stage']));
  publish({ id: 'a' });
  publish({ id: 'b' });
  await eventually(() => expect(journal.list({ limit: 9 })).toHaveLength(4));
  const ofA = journal.list({ limit: 9, name: 'id', value: 'a/next' })[0]!.number;
  for (const number of [1, ofA]) expect(journal.chain(number).map(({ attributes }) => attributes['id'])).toEqual(['a', 'a/next']);
  expect(journal.find(ofA)!.cause).toEqual({ event: 1, trigger: 'stage' });
  expect(journal.chain(99)).toEqual([]);
});

test('with a correlation attribute, a chain is all that share it', () => {
  const { journal, publish } = open({}, [], { correlation: 'order' });
  for (const [id, order] of ['x', 'y', 'x'].entries()) publish({ id: String(id), order });
  publish({ id: 'alone' });
  expect(journal.chain(3).map(({ number }) => number)).toEqual([1, 3]);
  expect(journal.chain(4).map(({ number }) => number)).toEqual([4]);
  expect(journal.list({ limit: 9 }).map(({ correlation }) => correlation)).toEqual([undefined, 'x', 'y', 'x']);
});

test('finds events by the value of one attribute, or a part of any; the newest first, in pieces', () => {
  const { journal, publish } = open({}, []);
  for (const colour of ['red', 'blue', 'red']) publish({ colour });
  publish({ shade: 'red' });
  const numbers = (query: object) => journal.list({ limit: 9, ...query }).map(({ number }) => number);
  expect(numbers({ value: 'red' })).toEqual([4, 3, 1]);
  expect(numbers({ value: 'lu' })).toEqual([2]);
  expect(numbers({ name: 'colour', value: 'red' })).toEqual([3, 1]);
  expect(numbers({ name: 'colour', value: 're' })).toEqual([]);
  expect(numbers({ name: 'colour' })).toEqual([3, 2, 1]);
  expect(numbers({ limit: 2 })).toEqual([4, 3]);
  expect(numbers({ limit: 2, before: 3 })).toEqual([2, 1]);
});

test('forgets the oldest beyond so many events, and numbers go on', () => {
  const { journal, publish } = open({}, [], { bounds: { count: 3, bytes: 1_000_000 } });
  for (let id = 1; id <= 100; id += 1) publish({ id: String(id) });
  expect(journal.list({ limit: 9 }).map(({ id, number }) => [id, number])).toEqual([
    ['100', 100],
    ['99', 99],
    ['98', 98],
  ]);
  expect([journal.find(97), journal.original(97), journal.find(101), journal.find(0)]).toEqual(Array(4).fill(undefined));
  expect(journal.original(100)?.event.attributes.get('id')).toBe('100');
});

test('forgets the oldest beyond so many bytes, but never the newest', () => {
  const { journal, publish } = open({}, [], { bounds: { count: 1000, bytes: 20_000 } });
  const numbers = () => journal.list({ limit: 99 }).map(({ number }) => number);
  for (let count = 0; count < 5; count += 1) publish({}, 'x'.repeat(6000));
  expect(numbers()).toEqual([5, 4, 3]);
  publish({}, 'x'.repeat(100_000));
  expect(numbers()).toEqual([6]);
  publish();
  expect(numbers()).toEqual([7]);
});

test('attempts and their reasons weigh as well, and news of what is forgotten does no harm', async () => {
  const server = await startSubscriber((response) => response.writeHead(400).end('x'.repeat(300)));
  // Enough for both events, or for one with its attempt.
  const bounds = { count: 9, bytes: 1250 };
  const { journal, publish } = open({ stage: server }, triggersOf(['test>stage']), { bounds });
  publish({ type: 'nobody' });
  publish({ type: 'nobody' });
  expect(journal.list({ limit: 9 })).toHaveLength(2);
  publish();
  await eventually(() => expect(journal.find(3)?.deliveries[0]?.state).toBe('lost'));
  expect(journal.list({ limit: 9 }).map(({ number }) => number)).toEqual([3]);
  for (const id of ['4', '5']) publish({ id });
  await eventually(() => expect(journal.find(5)?.deliveries[0]?.state).toBe('lost'));
  expect(journal.list({ limit: 9 }).map(({ number }) => number)).toEqual([5]);
});

test('a delivery is under way until it ends, and of what failures say 500 characters are kept', () => {
  const journal = createJournal({ bounds: roomy, clock: testClock() });
  const stage = journal.event(message().event, { broker: 'default' }).delivery('one', 'stage');
  expect(journal.find(1)?.deliveries).toEqual([{ trigger: 'one', subscriber: 'stage', state: 'under way', attempts: [] }]);
  stage.attempt('stage')({ result: 'failed', retriable: false, reason: 'a'.repeat(501) });
  stage.end('lost', 'b'.repeat(501));
  const [{ attempts, ...ended } = expect.fail('no delivery')] = journal.find(1)?.deliveries ?? [];
  expect(ended).toMatchObject({ state: 'lost', reason: 'b'.repeat(500) });
  expect(attempts[0]?.reason).toBe('a'.repeat(500));
  expect(attempts[0]).not.toHaveProperty('wait');
});

test.each([
  ['an attempt', 199, ''],
  ['what it says', 209, '0123456789'],
])('%s that makes it too heavy pushes out the oldest', (_what, room, reason) => {
  const attributes = { specversion: '1.0', id: '1', source: '/test', type: 'test' };
  const weight = 500 + Object.entries(attributes).flat().join('').length;
  const journal = createJournal({ bounds: { count: 9, bytes: 2 * weight + room }, clock: testClock() });
  journal.event(message().event, { broker: 'default' });
  const stage = journal.event(message().event, { broker: 'default' }).delivery('one', 'stage');
  const end = stage.attempt('stage');
  expect(journal.find(1) === undefined).toBe(reason === '');
  end({ result: 'failed', retriable: false, reason });
  expect(journal.list({ limit: 9 }).map(({ number }) => number)).toEqual([2]);
});

test('tells whoever follows of what is new, until they have enough', async () => {
  const server = await startSubscriber();
  const { journal, publish } = open({ stage: server }, triggersOf(['test>stage']));
  const told: number[] = [];
  const end = journal.follow((number) => told.push(number));
  publish();
  await eventually(() => expect(journal.summary(1)?.deliveries).toMatchObject([{ state: 'delivered', attempts: 1 }]));
  // It came, its attempt began and ended, and so did its delivery.
  expect(told).toEqual([1, 1, 1, 1]);
  end();
  publish();
  expect(told).toEqual([1, 1, 1, 1]);
  expect(journal.summary(3)).toBeUndefined();
});

test('has what PingSources send, and how that went', async () => {
  const server = await startSubscriber();
  const { journal, pings } = open({ stage: server }, []);
  const ping = { name: 'clock', schedule: '0 0 1 1 *', contentType: 'text/plain', data: 'tick' };
  pings.apply([
    { ...ping, sink: { service: 'stage' } },
    { ...ping, name: 'nowhere', sink: { service: 'nowhere' } },
  ]);
  pings.sendAll();
  await eventually(() => expect(journal.find(1)?.deliveries[0]?.state).toBe('delivered'));
  pings.stop();
  await eventually(() => expect(journal.find(2)?.deliveries[0]?.state).toBe('stopped'));
  expect(journal.find(1)).toMatchObject({
    origin: 'ping clock',
    bytes: 4,
    deliveries: [{ trigger: 'clock', subscriber: 'stage' }],
  });
});
