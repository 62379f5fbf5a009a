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
    const [right, wrong] = await Promise.all([startSubscriber(), startSubscriber()]);
    await subject.apply(
      trigger('worker', worker.url, { type: 'test' }),
      trigger('right', right.url, { type: 'test.reply', flag: 'no' }),
      trigger('wrong', wrong.url, { type: 'test.reply', flag: 'yes' }),
    );
    await send(subject.url, binary({ flag: 'yes' }));
    await arrive(right.received, 1);
    await settle(subject);
    expect(right.received[0]!.headers['ce-id']).toBe('reply');
    expect([worker, right, wrong].map(({ received }) => received.length)).toEqual([1, 1, 0]);
  });

  test('a loop of replies comes to an end', async () => {
    const { url, apply } = await broker({ delivery: { ...quick, retry: 0 } });
    const echo = await startSubscriber((response) => replyWith(response, { type: 'test' }));
    const letters = await startSubscriber();
    await apply(trigger('echo', echo.url, { type: 'test' }, { delivery: { deadLetterSink: { uri: letters.url } } }));
    await send(url, binary({ knativebrokerttl: '9' }));
    await arrive(letters.received, 1);
    expect(echo.received.length).toBe(8);
  });
}
