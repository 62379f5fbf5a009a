import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { binary, replyWith, startSubscriber } from '../subscriber.ts';
import { arrive, type MakeBroker, quick, send, settle, trigger } from './subject.ts';

const errorNames = ['knativeerrordest', 'knativeerrorcode', 'knativeerrordata'].map((name) => `ce-${name}`);

/** What the dead letter sink is told of the failure. */
export function testDeadLetters(broker: MakeBroker): void {
  test.each([
    ['a body that is no event', (response: ServerResponse) => response.end('thanks')],
    [
      'an event that is malformed',
      (response: ServerResponse) => response.writeHead(200, { 'ce-specversion': '1.0', 'ce-id': '1' }).end(),
    ],
  ])('a reply with %s is a failed delivery, without error attributes', async (_name, answer) => {
    const letters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: letters.url } } });
    const subscriber = await startSubscriber(answer);
    await apply(trigger('failing', subscriber.url, { type: 'test' }));
    await send(url, binary({}));
    await arrive(letters.received, 1);
    expect(subscriber.received.length).toBe(2);
    expect(errorNames.map((name) => letters.received[0]!.headers[name])).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ['with a body', 'no such picture', Buffer.from('no such picture').toString('base64')],
    ['with a long body', 'x'.repeat(5000), Buffer.from('x'.repeat(5000)).toString('base64').slice(0, 1024)],
    ['without a body', '', undefined],
  ])('a dead letter tells of a 422 %s', async (_name, body, data) => {
    const letters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: letters.url } } });
    const subscriber = await startSubscriber((response) => response.writeHead(422).end(body));
    await apply(trigger('failing', subscriber.url, {}));
    await send(url, binary({}));
    await arrive(letters.received, 1);
    expect(errorNames.map((name) => letters.received[0]!.headers[name])).toEqual([subscriber.url, '422', data]);
  });

  test('an event that the dead letter sink answers with goes nowhere', async () => {
    const letters = await startSubscriber((response) => replyWith(response, { type: 'test.reply' }));
    const subject = await broker({ delivery: { ...quick, retry: 0, deadLetterSink: { uri: letters.url } } });
    const failing = await startSubscriber((response) => response.writeHead(500).end());
    const listener = await startSubscriber();
    await subject.apply(
      trigger('failing', failing.url, { type: 'test' }),
      trigger('listener', listener.url, { type: 'test.reply' }),
    );
    await send(subject.url, binary({}));
    await arrive(letters.received, 1);
    await settle(subject);
    expect([letters, listener].map(({ received }) => received.length)).toEqual([1, 0]);
  });

  test('a dead letter tells of a subscriber that cannot be reached', async () => {
    const letters = await startSubscriber();
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: letters.url } } });
    // Port 1 of the loopback: reserved, and nobody listens there.
    await apply(trigger('nowhere', 'http://127.0.0.1:1/', {}));
    await send(url, binary({}));
    await arrive(letters.received, 1);
    expect(errorNames.slice(0, 2).map((name) => letters.received[0]!.headers[name])).toEqual(['http://127.0.0.1:1/', '500']);
  });
}
