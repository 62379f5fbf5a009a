import { expect, test } from 'vitest';
import { binary, type Received, replyWith, startSubscriber } from '../subscriber.ts';
import { arrive, quick, send, settle, type Subject, trigger } from './subject.ts';

/** What a dead letter tells of the failure: where, by which status, and the start of the answer in base64. */
export function errorAttributes({ headers }: Received): (string | undefined)[] {
  return ['knativeerrordest', 'knativeerrorcode', 'knativeerrordata'].map((name) => headers[`ce-${name}`]?.toString());
}

/** What the dead letter sink is told of the failure. */
export function testDeadLetters({ broker, behaviour }: Subject): void {
  test.for<[string, string, string]>([
    ['with a body', 'no such picture', Buffer.from('no such picture').toString('base64')],
    ['with a body of 768 bytes', 'x'.repeat(768), Buffer.from('x'.repeat(768)).toString('base64')],
    ['without a body', '', ''],
    ['with a longer body', 'x'.repeat(769), Buffer.from('x'.repeat(768)).toString('base64')],
  ])('a dead letter describes a 422 %s', async ([, body, data], { skip }) => {
    if (body.length > 768) skip(behaviour.longErrorBody !== undefined, behaviour.longErrorBody);
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: deadLetters.url } } });
    const subscriber = await startSubscriber((response) => response.writeHead(422).end(body));
    await apply(trigger('failing', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(deadLetters.received, 1);
    expect(errorAttributes(deadLetters.received[0]!)).toEqual([subscriber.url, '422', data]);
  });

  test('a dead letter has no error attributes after a timeout', async () => {
    const deadLetters = await startSubscriber();
    const delivery = { ...quick, retry: 0, timeout: 'PT2S', deadLetterSink: { uri: deadLetters.url } };
    const { url, apply } = await broker({ delivery });
    const subscriber = await startSubscriber(() => undefined);
    await apply(trigger('slow', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(deadLetters.received, 1);
    expect(errorAttributes(deadLetters.received[0]!)).toEqual([undefined, undefined, undefined]);
  });

  test('a failing dead letter sink is retried by the same rules', async () => {
    const deadLetters = await startSubscriber((response, _received, number) => response.writeHead(number > 2 ? 204 : 500).end());
    const subject = await broker({ delivery: { ...quick, retry: 2, deadLetterSink: { uri: deadLetters.url } } });
    const failing = await startSubscriber((response) => response.writeHead(422).end());
    await subject.apply(trigger('failing', failing.url, { type: 'test' }));
    await send(subject.url, binary({}));
    await arrive(deadLetters.received, 3);
    await settle(subject);
    expect([failing, deadLetters].map(({ received }) => received.length)).toEqual([1, 3]);
  });

  test('a dead letter sink is not asked for a reply, and any event it answers with is dropped', async () => {
    const deadLetters = await startSubscriber((response) => replyWith(response, { type: 'test.reply' }));
    const subject = await broker({ delivery: { ...quick, retry: 0, deadLetterSink: { uri: deadLetters.url } } });
    const failing = await startSubscriber((response) => response.writeHead(500).end());
    const listener = await startSubscriber();
    await subject.apply(
      trigger('failing', failing.url, { type: 'test' }),
      trigger('listener', listener.url, { type: 'test.reply' }),
    );
    await send(subject.url, binary({}));
    await arrive(deadLetters.received, 1);
    await settle(subject);
    expect(deadLetters.received[0]!.headers['prefer']).toBeUndefined();
    expect([deadLetters, listener].map(({ received }) => received.length)).toEqual([1, 0]);
  });

  test('a dead letter describes an unreachable subscriber', async () => {
    const deadLetters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: deadLetters.url } } });
    // Port 1 of the loopback: reserved, and nobody listens there.
    await apply(trigger('nowhere', 'http://127.0.0.1:1/', {}));
    await send(url, binary({}));
    await arrive(deadLetters.received, 1);
    expect(errorAttributes(deadLetters.received[0]!).slice(0, 2)).toEqual(['http://127.0.0.1:1/', '500']);
  });
}
