import { expect, test } from 'vitest';
import { limits } from '../src/limits.ts';
import { arrive, eventually, send, trigger } from './broker-suite/subject.ts';
import { localBroker, toEverything } from './local-broker.ts';
import { binary, startSubscriber } from './subscriber.ts';

test('rejects an event beyond the limit with 413, whether or not it declares its length', async () => {
  const { url } = await localBroker({});
  const body = Buffer.alloc(limits.eventBytes + 1);
  expect((await fetch(url, { method: 'POST', headers: binary({}), body })).status).toBe(413);
  const stream = new Blob([body]).stream();
  expect((await fetch(url, { method: 'POST', headers: binary({}), body: stream, duplex: 'half' })).status).toBe(413);
});

test('a full broker asks publishers to come back later, and accepts events again once it has room', async () => {
  const { url, apply } = await localBroker({});
  const held: (() => void)[] = [];
  const subscriber = await startSubscriber((response) => held.push(() => response.writeHead(204).end()));
  await apply(toEverything(subscriber.url));
  const sendLarge = () => send(url, binary({}), Buffer.alloc(limits.eventBytes));
  const fitting = limits.waitingBytes / limits.eventBytes;
  for (let sent = 0; sent < fitting; sent += 1) expect((await sendLarge()).status).toBe(202);
  const refused = await sendLarge();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);

  await eventually(() => {
    for (const release of held.splice(0)) release();
    expect(subscriber.received.length).toBe(fitting);
  });
  await eventually(async () => expect((await sendLarge()).status).toBe(202));
  for (const release of held.splice(0)) release();
});

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

test('percent-encodes attributes that a header cannot carry; filters see the original', async () => {
  const { url, apply } = await localBroker({});
  const { url: uri, received } = await startSubscriber();
  await apply({
    ...toEverything(uri),
    spec: { broker: 'default', filter: { attributes: { subject: 'Grüße' } }, subscriber: { uri } },
  });
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', subject: 'Grüße' };
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event) });
  await eventually(() => expect(received[0]?.headers['ce-subject']).toBe('Gr%C3%BC%C3%9Fe'));
});

test('a full broker still accepts replies, so that what came in can get out', async () => {
  const { url, apply } = await localBroker({});
  const held: (() => void)[] = [];
  const worker = await startSubscriber((response) =>
    held.push(() => response.writeHead(200, binary({ type: 'test.reply' })).end()),
  );
  const blocked = await startSubscriber((response) => held.push(() => response.writeHead(204).end()));
  const listener = await startSubscriber();
  await apply(
    trigger('worker', worker.url, { type: 'test.work' }),
    trigger('blocked', blocked.url, { type: 'test.block' }),
    trigger('listener', listener.url, { type: 'test.reply' }),
  );
  await send(url, binary({ type: 'test.work' }));
  await arrive(worker.received, 1);
  const block = () => send(url, binary({ type: 'test.block' }), Buffer.alloc(limits.eventBytes));
  while ((await block()).status === 202);
  held.shift()!();
  await arrive(listener.received, 1);
  expect((await block()).status).toBe(503);
  await eventually(() => {
    for (const release of held.splice(0)) release();
    expect(blocked.received.length).toBe(limits.waitingBytes / limits.eventBytes);
  });
});
