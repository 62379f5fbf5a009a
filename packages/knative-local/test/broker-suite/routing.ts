import { expect, test } from 'vitest';
import { binary, replyWith, startSubscriber } from '../subscriber.ts';
import { arrive, type MakeBroker, quick, send, settle, trigger } from './subject.ts';

/** Who gets which event. */
export function testRouting(broker: MakeBroker): void {
  test('every Trigger that matches gets the event; without one it is accepted and dropped', async () => {
    const subject = await broker();
    const [one, two, other] = await Promise.all([startSubscriber(), startSubscriber(), startSubscriber()]);
    await subject.apply(
      trigger('one', one.url, { type: 'test', flag: 'true' }),
      trigger('two', two.url, { source: '/test', flag: '' }),
      trigger('other', other.url, { type: 'test', flag: 'false' }),
    );
    expect((await send(subject.url, binary({ flag: 'true' }))).status).toBe(202);
    expect((await send(subject.url, binary({ source: '/elsewhere', type: 'nobody' }))).status).toBe(202);
    await arrive(one.received, 1);
    await arrive(two.received, 1);
    await settle(subject);
    expect([one, two, other].map(({ received }) => received.length)).toEqual([1, 1, 0]);
  });

  test('a reply is routed on its own attributes', async () => {
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

  test('a reply in structured mode is a reply as well', async () => {
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
    ['that the sender gave', { knativebrokerttl: '9' }, 8],
    ['that the Broker gives', {}, 255],
  ])('a loop of replies comes to an end by the time to live %s', async (_name, attributes, rounds) => {
    const { url, apply } = await broker({ delivery: { ...quick, retry: 0 } });
    const echo = await startSubscriber((response) => replyWith(response, { type: 'test' }));
    const letters = await startSubscriber();
    await apply(trigger('echo', echo.url, { type: 'test' }, { delivery: { deadLetterSink: { uri: letters.url } } }));
    await send(url, binary(attributes));
    await arrive(letters.received, 1);
    expect(echo.received.length).toBe(rounds);
  });
}
