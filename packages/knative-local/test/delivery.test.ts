import { expect, test } from 'vitest';
import { limits } from '../src/limits.ts';
import { arrive, eventually, send } from './broker-suite/subject.ts';
import { localBroker, toEverything } from './local-broker.ts';
import { binary, startSubscriber } from './subscriber.ts';

test('requests in flight to one subscriber are limited', async () => {
  const { url, apply } = await localBroker({});
  let inFlight = 0;
  let most = 0;
  const subscriber = await startSubscriber((response) => {
    most = Math.max(most, (inFlight += 1));
    setImmediate(() => {
      inFlight -= 1;
      response.writeHead(204).end();
    });
  });
  await apply(toEverything(subscriber.url));
  const count = limits.urlConcurrency * 4;
  await Promise.all(Array.from({ length: count }, () => fetch(url, { method: 'POST', headers: binary({}) })));
  await eventually(() => expect(subscriber.received.length).toBe(count));
  expect(most).toBeLessThanOrEqual(limits.urlConcurrency);
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
