import { expect, test } from 'vitest';
import { binary, startSubscriber } from '../subscriber.ts';
import { arrive, send, settle, type Subject, trigger } from './subject.ts';

/** Who gets which event. */
export function testRouting({ broker }: Subject): void {
  test('every matching Trigger gets the event; if none matches, it is accepted and dropped', async () => {
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

  test.each<[string, object, boolean]>([
    ['exact', { exact: { type: 'test.a' } }, true],
    ['exact, another value', { exact: { type: 'test' } }, false],
    ['prefix', { prefix: { type: 'test.' } }, true],
    ['suffix', { suffix: { type: '.b' } }, false],
    ['all', { all: [{ exact: { flag: 'yes' } }, { suffix: { type: '.a' } }] }, true],
    ['any', { any: [{ exact: { flag: 'no' } }, { exact: { flag: 'yes' } }] }, true],
    ['not', { not: { exact: { flag: 'yes' } } }, false],
  ])('filters override filter: %s', async (_name, filter, expected) => {
    const subject = await broker();
    const subscriber = await startSubscriber();
    await subject.apply(trigger('filtered', subscriber.url, { type: 'ignored' }, { filters: [filter] }));
    await send(subject.url, binary({ type: 'test.a', flag: 'yes' }));
    await settle(subject);
    const found = subscriber.received.filter(({ headers }) => headers['ce-type'] === 'test.a');
    expect(found.length).toBe(expected ? 1 : 0);
  });
}
