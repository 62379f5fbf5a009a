import { expect, test } from 'vitest';
import { binary, startSubscriber } from '../subscriber.ts';
import { arrive, quick, send, settle, type Subject, trigger } from './subject.ts';

/** What is tried again, how often, and what is not. */
export function testFailures({ broker, behaviour }: Subject): void {
  test.each([404, 408, 409, 429, 500, 503])('%i is retried', async (status) => {
    const { url, apply } = await broker();
    const subscriber = await startSubscriber((response, _received, number) =>
      response.writeHead(number === 1 ? status : 204).end(),
    );
    await apply(trigger('failing', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(subscriber.received, 2);
  });

  test('a broken connection is retried', async () => {
    const { url, apply } = await broker();
    const subscriber = await startSubscriber((response, _received, number) =>
      number === 1 ? response.destroy() : response.writeHead(204).end(),
    );
    await apply(trigger('breaking', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(subscriber.received, 2);
  });

  test.each([302, 400, 401, 413, 422])('%i goes straight to the dead letter sink', async (status) => {
    const subscriber = await startSubscriber((response) => response.writeHead(status).end());
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: deadLetters.url } } });
    await apply(trigger('failing', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(deadLetters.received, 1);
    expect(subscriber.received.length).toBe(1);
  });

  test(`a redirect ${behaviour.redirect === 'fails' ? 'is a failed delivery' : 'turns the delivery into a GET without the event'}`, async () => {
    const elsewhere = await startSubscriber();
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: deadLetters.url } } });
    const moved = await startSubscriber((response) => response.writeHead(302, { location: elsewhere.url }).end());
    await apply(trigger('moved', moved.url, {}));
    await send(url, binary({ datacontenttype: 'text/plain' }), 'lost');
    await arrive(behaviour.redirect === 'fails' ? deadLetters.received : elsewhere.received, 1);
    expect(moved.received.length).toBe(1);
    expect(elsewhere.received.map(({ method, body }) => [method, body.length])).toEqual(
      behaviour.redirect === 'fails' ? [] : [['GET', 0]],
    );
  });

  test('retry=3: success after three failures delivers; a fourth failure leads to the dead letter sink', async () => {
    const deadLetters = await startSubscriber((response) => response.end('a body that is ignored'));
    const subject = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: deadLetters.url } } });
    const fourth = await startSubscriber((response, _received, number) => response.writeHead(number > 3 ? 204 : 500).end());
    const never = await startSubscriber((response) => response.writeHead(500).end());
    await subject.apply(
      trigger('fourth', fourth.url, { type: 'test.fourth' }),
      trigger('never', never.url, { type: 'test.never' }),
    );
    await send(subject.url, binary({ type: 'test.fourth' }));
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const event = binary({ type: 'test.never', datacontenttype: 'text/plain' });
    await send(subject.url, { ...event, traceparent: `00-${trace}-b7ad6b7169203331-01` }, 'kept');
    await arrive(fourth.received, 4);
    await arrive(deadLetters.received, 1);
    await settle(subject);
    expect([fourth, never, deadLetters].map(({ received }) => received.length)).toEqual([4, 4, 1]);
    expect(deadLetters.received[0]!.headers).toMatchObject({ ...event, traceparent: expect.stringContaining(trace) });
    expect(deadLetters.received[0]!.body.toString()).toBe('kept');
  });

  test('the delivery of a Trigger overrides that of the Broker; the dead letter sink falls back', async () => {
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: deadLetters.url } } });
    const failing = await startSubscriber((response) => response.writeHead(500).end());
    await apply(trigger('failing', failing.url, {}, { delivery: { ...quick, retry: 1 } }));
    await send(url, binary({}));
    await arrive(deadLetters.received, 1);
    expect(failing.received.length).toBe(2);
  });

  test('a Trigger with its own delivery inherits no retries from the Broker, and has its own dead letter sink', async () => {
    const [own, common] = await Promise.all([startSubscriber(), startSubscriber()]);
    const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: common.url } } });
    const failing = await startSubscriber((response) => response.writeHead(500).end());
    await apply(trigger('failing', failing.url, {}, { delivery: { deadLetterSink: { uri: own.url } } }));
    await send(url, binary({}));
    await arrive(own.received, 1);
    expect([failing, own, common].map(({ received }) => received.length)).toEqual([1, 1, 0]);
  });

  test('a subscriber that exceeds the timeout has failed', async () => {
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, timeout: 'PT2S' } });
    const subscriber = await startSubscriber((response, _received, number) => number > 1 && response.writeHead(204).end());
    await apply(trigger('slow', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(subscriber.received, 2);
  });
}
