import { getEventListeners, once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { close, listen } from '../src/listen.ts';
import { gate } from '../src/process/gate.ts';
import { createRouter } from '../src/router.ts';
import { startSubscriber } from './subscriber.ts';

test('a caller that leaves the queue gives its place to the next', async () => {
  const entrance = gate(1);
  const leave = await entrance.enter();
  const impatient = new AbortController();
  const gone = entrance.enter(impatient.signal);
  const next = entrance.enter();
  impatient.abort();
  await expect(gone).rejects.toThrow();
  leave();
  (await next)();
  await entrance.idle();
});

test('nobody is inside once the last one has left', async () => {
  const entrance = gate(0);
  await entrance.idle();
  const leave = [await entrance.enter(), await entrance.enter()];
  let idle = false;
  const waited = entrance.idle().then(() => (idle = true));
  leave[0]!();
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect(idle).toBe(false);
  leave[1]!();
  await waited;
});

test('whoever has had a turn is no longer bound to the signal that could have ended the wait', async () => {
  const entrance = gate(1);
  const leave = await entrance.enter();
  const { signal } = new AbortController();
  const next = entrance.enter(signal);
  leave();
  (await next)();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('leaving twice frees only one place', async () => {
  const entrance = gate(1);
  const leave = await entrance.enter();
  const second = entrance.enter();
  let third = false;
  void entrance.enter().then(() => (third = true));
  leave();
  leave();
  await second;
  expect(third).toBe(false);
});

test('a client that leaves while its process is starting gives its turn back', async () => {
  const upstream = await startSubscriber();
  const asked = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const turn = async () => {
    asked.resolve();
    await started.promise;
    return { origin: upstream.url, release: () => released.resolve() };
  };
  const router = createRouter({
    fleet: { pick: () => ({ turn }) },
    service: 'any',
    unavailable: '',
    isReady: () => true,
    log: () => undefined,
  });
  const listening = await listen(0, '127.0.0.1');
  onTestFinished(() => close(listening, 0));
  const closed = Promise.withResolvers<void>();
  listening.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void once(response, 'close').then(() => closed.resolve());
    router(request, response);
  });
  const leaving = new AbortController();
  const request = fetch(`http://127.0.0.1:${listening.port}`, { signal: leaving.signal });
  await asked.promise;
  leaving.abort();
  await expect(request).rejects.toThrow();
  await closed.promise;
  started.resolve();
  await released.promise;
  expect(upstream.received.length).toBe(0);
});
