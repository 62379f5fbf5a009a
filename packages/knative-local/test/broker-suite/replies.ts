import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { binary, replyWith, startSubscriber } from '../subscriber.ts';
import { errorAttributes } from './dead-letters.ts';
import { arrive, quick, send, settle, type Subject, trigger } from './subject.ts';

/** What a subscriber answers with is an event like any other. */
export function testReplies({ broker }: Subject): void {
  test('a reply is routed by its own attributes', async () => {
    const subject = await broker();
    const worker = await startSubscriber((response) => replyWith(response, { id: 'reply', type: 'test.reply', flag: 'no' }));
    const [right, wrong, heir] = await Promise.all([startSubscriber(), startSubscriber(), startSubscriber()]);
    await subject.apply(
      trigger('worker', worker.url, { type: 'test' }),
      trigger('right', right.url, { type: 'test.reply', flag: 'no' }),
      trigger('wrong', wrong.url, { type: 'test.reply', flag: 'yes' }),
      trigger('heir', heir.url, { type: 'test.reply', count: '' }),
    );
    await send(subject.url, binary({ flag: 'yes', count: '5' }));
    await arrive(right.received, 1);
    await settle(subject);
    expect(right.received[0]!.headers['ce-id']).toBe('reply');
    expect([worker, right, wrong, heir].map(({ received }) => received.length)).toEqual([1, 1, 0, 0]);
  });

  test('a reply may be in structured mode', async () => {
    const { url, apply } = await broker();
    const reply = JSON.stringify({ specversion: '1.0', id: 'reply', source: '/test', type: 'test.reply', data: { a: 1 } });
    const worker = await startSubscriber((response) =>
      response.writeHead(200, { 'content-type': 'application/cloudevents+json; charset=utf-8' }).end(reply),
    );
    const listener = await startSubscriber();
    await apply(trigger('worker', worker.url, { type: 'test' }), trigger('listener', listener.url, { type: 'test.reply' }));
    await send(url, binary({}));
    await arrive(listener.received, 1);
    expect(listener.received[0]!.headers).toMatchObject(binary({ id: 'reply', type: 'test.reply' }));
    expect(JSON.parse(listener.received[0]!.body.toString())).toEqual({ a: 1 });
  });

  test.each([
    ['a body that is no event', (response: ServerResponse) => response.end('thanks')],
    [
      'a structured event that is not JSON',
      (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/cloudevents+json' }).end('{'),
    ],
    [
      'a time that is not one',
      (response: ServerResponse) => response.writeHead(200, binary({ type: 'test.reply', time: 'yesterday' })).end(),
    ],
  ])('an answer with %s is a failed delivery: tried again, and a dead letter without error attributes', async (_name, answer) => {
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: deadLetters.url } } });
    const subscriber = await startSubscriber(answer);
    await apply(trigger('failing', subscriber.url, { type: 'test' }));
    await send(url, binary({}));
    await arrive(deadLetters.received, 1);
    expect(subscriber.received.length).toBe(2);
    expect(errorAttributes(deadLetters.received[0]!)).toEqual([undefined, undefined, undefined]);
  });

  test('the Broker rejects a reply that lacks an attribute: it is not retried, and the dead letter names the Broker', async () => {
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: deadLetters.url } } });
    const subscriber = await startSubscriber((response) =>
      response.writeHead(200, { 'ce-specversion': '1.0', 'ce-id': '1' }).end(),
    );
    await apply(trigger('failing', subscriber.url, { type: 'test' }));
    await send(url, binary({ id: 'original' }));
    await arrive(deadLetters.received, 1);
    expect(subscriber.received.length).toBe(1);
    expect(deadLetters.received[0]!.headers['ce-id']).toBe('original');
    const [destination, code] = errorAttributes(deadLetters.received[0]!);
    expect([new URL(String(destination)).pathname, code]).toEqual([new URL(url).pathname, '400']);
  });

  test.each([
    ['that the sender gave', { knativebrokerttl: '9' }, 8],
    ['that the Broker gives', {}, 255],
  ])('a loop of replies ends by the time to live %s', async (_name, attributes, rounds) => {
    const { url, apply } = await broker({ delivery: { ...quick, retry: 0 } });
    const echo = await startSubscriber((response) => replyWith(response, { type: 'test' }));
    const deadLetters = await startSubscriber();
    await apply(trigger('echo', echo.url, { type: 'test' }, { delivery: { deadLetterSink: { uri: deadLetters.url } } }));
    await send(url, binary(attributes));
    await arrive(deadLetters.received, 1);
    expect(echo.received.length).toBe(rounds);
    const [destination, code] = errorAttributes(deadLetters.received[0]!);
    expect([new URL(String(destination)).pathname, code]).toEqual([new URL(url).pathname, '400']);
  });
}
