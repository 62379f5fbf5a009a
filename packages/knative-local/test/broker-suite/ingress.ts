import { expect, test } from 'vitest';
import { binary } from '../subscriber.ts';
import { type MakeBroker, send } from './subject.ts';

/** What a Broker takes in, and how it answers the rest. */
export function testIngress(broker: MakeBroker): void {
  test('accepts specversion 1.0 with 202 and nothing in the body, and refuses an unknown one', async () => {
    const { url } = await broker();
    const accepted = await send(url, binary({}));
    expect([accepted.status, await accepted.text()]).toEqual([202, '']);
    expect((await send(url, binary({ specversion: '19.0' }))).status).toBe(400);
  });

  test('answers other verbs, paths, batches and nonsense as Knative does', async () => {
    const { url } = await broker();
    const structured = { 'content-type': 'application/cloudevents+json' };
    const event = { specversion: '1.0', id: '1', source: '/test', type: 'test' };
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url, { method: 'PUT', headers: binary({}) })).status).toBe(405);
    const options = await fetch(url, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([200, 'POST, OPTIONS']);
    expect((await send(new URL('/', url).href, binary({}))).status).toBe(404);
    expect((await send(`${url}/more`, binary({}))).status).toBe(400);
    expect((await send(`${url}-unknown`, binary({}))).status).toBe(404);
    expect((await send(url, {}, 'hello')).status).toBe(400);
    expect((await send(url, binary({ time: 'yesterday' }))).status).toBe(400);
    expect((await send(url, structured, '{')).status).toBe(400);
    expect((await send(url, { 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify([event]))).status).toBe(400);
    expect((await send(url, structured, JSON.stringify(event))).status).toBe(202);
  });

  test.each(['specversion', 'id', 'source', 'type'])('refuses an event without %s, in either mode', async (name) => {
    const { url } = await broker();
    const { [`ce-${name}`]: _, ...headers } = binary({});
    const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', [name]: undefined };
    expect((await send(url, headers)).status).toBe(400);
    expect((await send(url, binary({ [name]: '' }))).status).toBe(400);
    expect((await send(url, { 'content-type': 'application/cloudevents+json' }, JSON.stringify(event))).status).toBe(400);
  });

  test('stops an event whose knativebrokerttl is used up', async () => {
    const { url } = await broker();
    expect((await send(url, binary({ knativebrokerttl: '1' }))).status).toBe(400);
    expect((await send(url, binary({ knativebrokerttl: '2' }))).status).toBe(202);
  });
}
