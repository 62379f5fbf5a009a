import { expect, test } from 'vitest';
import type { Clock } from '../src/clock.ts';
import { limits } from '../src/limits.ts';
import { arrive, eventually, quick, send, trigger } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import { localBroker, toEverything } from './local-broker.ts';
import { binary, startSubscriber } from './subscriber.ts';

test.each<[string, object, number[]]>([
  ['linear', { backoffPolicy: 'linear', backoffDelay: 'PT1S' }, [0, 1000, 2000]],
  ['exponential', { backoffPolicy: 'exponential', backoffDelay: 'PT1S' }, [1000, 2000, 4000]],
  ['without a policy, no', { backoffDelay: 'PT1S' }, [0, 0, 0]],
  ['without a delay, no', { backoffPolicy: 'exponential' }, [0, 0, 0]],
])('%s back-off, as in Knative', async (_name, backoff, expected) => {
  const pauses: number[] = [];
  const driven = testClock();
  const clock: Clock = {
    ...driven,
    async sleep(ms, signal) {
      // No subscriber ever takes too long, and every pause is over at once.
      if (ms === limits.deliveryTime) return driven.sleep(ms, signal);
      pauses.push(ms);
    },
  };
  const { url, apply } = await localBroker({ delivery: { retry: 3, ...backoff } }, clock);
  const failing = await startSubscriber((response) => response.writeHead(500).end());
  await apply(toEverything(failing.url));
  await send(url, binary({}));
  await arrive(failing.received, 4);
  expect(pauses).toEqual(expected);
});

test('a stopping broker cuts its back-off short and does not retry', async () => {
  const clock = testClock();
  const deadLetters = await startSubscriber();
  const delivery = { retry: 3, backoffPolicy: 'exponential', backoffDelay: 'PT1H', deadLetterSink: { uri: deadLetters.url } };
  const { url, apply, stop } = await localBroker({ delivery }, clock);
  const failing = await startSubscriber((response) => response.writeHead(500).end());
  await apply(toEverything(failing.url));
  await send(url, binary({}));
  await eventually(() => expect(clock.pending()).toEqual([3_600_000]));
  await stop();
  expect([failing, deadLetters].map(({ received }) => received.length)).toEqual([1, 0]);
});

test('a stopping broker finishes deliveries under way, drops those still waiting, and rejects new events', async () => {
  const { url, apply, stop, lines } = await localBroker({});
  const held: (() => void)[] = [];
  const subscriber = await startSubscriber((response) => held.push(() => response.writeHead(204).end()));
  await apply(toEverything(subscriber.url));
  for (let sent = 0; sent < limits.urlConcurrency + 2; sent += 1) await send(url, binary({}));
  await arrive(held, limits.urlConcurrency);
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  expect((await send(url, binary({}))).status).toBe(503);
  expect(stopped).toBe(false);
  for (const release of held.splice(0)) release();
  await stopping;
  expect(subscriber.received.length).toBe(limits.urlConcurrency);
  expect(lines.join()).toContain(`stops with ${limits.urlConcurrency + 2} events on the way`);
});

test.each([
  ['a failure', 500, {}],
  ['a reply', 200, binary({ type: 'test.reply' })],
])(
  '%s that arrives while the broker stops is lost with it, as in a cluster, and makes no dead letter',
  async (_name, status, headers) => {
    const deadLetters = await startSubscriber();
    const { url, apply, stop, lines } = await localBroker({
      delivery: { ...quick, retry: 0, deadLetterSink: { uri: deadLetters.url } },
    });
    const held: (() => void)[] = [];
    const subscriber = await startSubscriber((response) => held.push(() => response.writeHead(status, headers).end()));
    await apply(toEverything(subscriber.url));
    await send(url, binary({}));
    await arrive(held, 1);
    const stopping = stop();
    held[0]!();
    await stopping;
    expect([subscriber, deadLetters].map(({ received }) => received.length)).toEqual([1, 0]);
    expect(lines.join()).not.toContain('could not be delivered');
  },
);

test('a response larger than the limit for events is a failed delivery', async () => {
  const deadLetters = await startSubscriber();
  const { url, apply } = await localBroker({ delivery: { ...quick, retry: 0, deadLetterSink: { uri: deadLetters.url } } });
  const large = Buffer.alloc(limits.eventBytes + 1);
  const subscriber = await startSubscriber((response) => response.writeHead(200, binary({ type: 'test.reply' })).end(large));
  await apply(trigger('large', subscriber.url, { type: 'test' }));
  await send(url, binary({}));
  await arrive(deadLetters.received, 1);
  expect(deadLetters.received[0]!.headers['ce-knativeerrorcode']).toBe('500');
});

test('a response that never ends is a failed delivery once the time is up', async () => {
  const deadLetters = await startSubscriber();
  const clock = testClock();
  const delivery = { ...quick, retry: 0, timeout: 'PT7S', deadLetterSink: { uri: deadLetters.url } };
  const { url, apply, lines } = await localBroker({ delivery }, clock);
  const subscriber = await startSubscriber((response) => response.writeHead(200).write('and'));
  await apply(trigger('endless', subscriber.url, { type: 'test' }));
  await send(url, binary({}));
  await arrive(subscriber.received, 1);
  await clock.advance(6999);
  expect([clock.pending(), lines]).toEqual([[1], []]);
  await clock.advance(1);
  await arrive(deadLetters.received, 1);
  expect(lines[0]).toContain('no answer within 7 s');
});

test('warns about an error body that a cluster would not survive', async () => {
  const { url, apply, lines } = await localBroker({ delivery: { ...quick, retry: 0 } });
  const subscriber = await startSubscriber((response, _received, number) =>
    response.writeHead(422).end('x'.repeat(767 + number)),
  );
  await apply(toEverything(subscriber.url));
  const warnings = () => lines.filter((line) => line.includes("Knative's in-memory channels"));
  const drops = () => lines.filter((line) => line.includes('it is dropped'));
  await send(url, binary({}));
  await eventually(() => expect(drops().length).toBe(1));
  expect(warnings()).toEqual([]);
  await send(url, binary({}));
  await eventually(() => expect(warnings().length).toBe(1));
  expect(warnings()[0]).toContain('769 bytes');
});
