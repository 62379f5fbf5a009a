import { expect, test } from 'vitest';
import { binary, startSubscriber } from '../subscriber.ts';
import { arrive, quick, send, type Subject, trigger } from './subject.ts';

const structured = { 'content-type': 'application/cloudevents+json' };
const event = { specversion: '1.0', id: '1', source: '/test', type: 'test' };

/** What a Broker takes in, and how it answers the rest. */
export function testIngress({ broker, behaviour }: Subject): void {
  test('accepts specversion 1.0 with 202 and an empty body, and rejects an unknown one', async () => {
    const { url } = await broker();
    const accepted = await send(url, binary({}));
    expect([accepted.status, await accepted.text()]).toEqual([202, '']);
    expect((await send(url, binary({ specversion: '19.0' }))).status).toBe(400);
  });

  test(`answers ${behaviour.oldEvent} to specversion 0.3`, async () => {
    const { url } = await broker();
    expect((await send(url, binary({ specversion: '0.3' }))).status).toBe(behaviour.oldEvent);
  });

  test('accepts only POST, and says so', async () => {
    const { url } = await broker();
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url, { method: 'PUT', headers: binary({}) })).status).toBe(405);
    const options = await fetch(url, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([200, 'POST, OPTIONS']);
  });

  test('accepts events at /<namespace>/<broker>, with or without a trailing slash, and nowhere else', async () => {
    const { url } = await broker();
    expect((await send(`${url}/`, binary({}))).status).toBe(202);
    expect((await send(new URL('/', url).href, binary({}))).status).toBe(404);
    expect((await send(`${url}/more`, binary({}))).status).toBe(400);
    expect((await send(new URL('/only', url).href, binary({}))).status).toBe(400);
  });

  test(`answers ${behaviour.unknownBroker} for a Broker that does not exist`, async () => {
    const { url } = await broker();
    expect((await send(`${url}-unknown`, binary({}))).status).toBe(behaviour.unknownBroker);
  });

  test.each<[string, Record<string, string>, string]>([
    ['no event', {}, 'hello'],
    ['a time that is not one', binary({ time: 'yesterday' }), ''],
    ['a structured event that is not JSON', structured, '{'],
    ['a batch', { 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify([event])],
    ['an object as data of text/plain', structured, JSON.stringify({ ...event, datacontenttype: 'text/plain', data: {} })],
    [
      'an object as data of a +json type',
      structured,
      JSON.stringify({ ...event, datacontenttype: 'application/a+json', data: {} }),
    ],
  ])('refuses %s', async (_name, headers, body) => {
    const { url } = await broker();
    expect((await send(url, headers, body)).status).toBe(400);
  });

  test('accepts an event in structured mode', async () => {
    const { url } = await broker();
    expect((await send(url, structured, JSON.stringify(event))).status).toBe(202);
  });

  test.each(['specversion', 'id', 'source', 'type'])('refuses an event without %s, in either mode', async (name) => {
    const { url } = await broker();
    const { [`ce-${name}`]: _, ...headers } = binary({});
    expect((await send(url, headers)).status).toBe(400);
    expect((await send(url, binary({ [name]: '' }))).status).toBe(400);
    expect((await send(url, structured, JSON.stringify({ ...event, [name]: undefined }))).status).toBe(400);
  });

  test('stops an event whose knativebrokerttl is used up', async () => {
    const { url } = await broker();
    expect((await send(url, binary({ knativebrokerttl: '1' }))).status).toBe(400);
    expect((await send(url, binary({ knativebrokerttl: '2' }))).status).toBe(202);
  });

  test.runIf(behaviour.asynchronous)(
    'answers before subscribers have done their work, and whether or not they fail',
    async () => {
      const { url, apply } = await broker({ delivery: { ...quick, retry: 0 } });
      const held: (() => void)[] = [];
      const slow = await startSubscriber((response) => held.push(() => response.writeHead(500).end()));
      await apply(trigger('slow', slow.url, {}));
      expect((await send(url, binary({}))).status).toBe(202);
      await arrive(held, 1);
      held[0]!();
    },
  );

  test.runIf(!behaviour.asynchronous)('answers after subscribers have done their work: 500 if one failed for good', async () => {
    const { url, apply } = await broker({ delivery: { ...quick, retry: 1 } });
    const failing = await startSubscriber((response) => response.writeHead(500).end());
    await apply(trigger('failing', failing.url, {}));
    expect((await send(url, binary({}))).status).toBe(500);
    expect(failing.received.length).toBe(2);
  });
}
