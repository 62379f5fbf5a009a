import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { binary, replyWith, startSubscriber } from '../subscriber.ts';
import { arrive, send, settle, type Subject, trigger } from './subject.ts';

/** An event arrives as it was sent. */
export function testPassingOn({ broker, behaviour }: Subject): void {
  const bodies = {
    'application/json': '{ "a" : 1.0,\n "b":"\u00fc" }',
    'image/png': randomBytes(1000),
    'text/plain; charset=utf-8': 'gr\u00fc\u00df',
    'application/x-empty': '',
  };
  test.each(Object.entries(bodies))('binary mode, %s: bytes and attributes are unchanged', async (datacontenttype, data) => {
    const { url, apply } = await broker();
    const { url: subscriber, received } = await startSubscriber();
    await apply(trigger('all', subscriber, {}));
    const attributes = {
      id: 'a/1 b',
      source: '/test/a%20b',
      type: 'test',
      time: '2026-01-02T03:04:05.678901Z',
      dataschema: 'urn:x',
      subject: 'a "quoted" one',
      flag: 'true',
      count: '5',
      datacontenttype,
    };
    await send(url, binary(attributes), data);
    await arrive(received, 1);
    expect(received[0]!.headers).toMatchObject(binary(attributes));
    expect(received[0]!.body.equals(Buffer.from(data))).toBe(true);
  });

  test('structured mode arrives as binary mode, with attributes and data unchanged', async () => {
    const { url, apply } = await broker();
    const { url: subscriber, received } = await startSubscriber();
    await apply(trigger('all', subscriber, {}));
    const attributes = {
      source: '/test',
      type: 'test',
      time: '2026-01-02T03:04:05.678901Z',
      dataschema: 'urn:x',
      subject: 'a b',
    };
    const head = JSON.stringify({ specversion: '1.0', ...attributes, count: 5, flag: true }).slice(1, -1);
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    await send(
      url,
      headers,
      `{${head},"id":"json","datacontenttype":"application/json","data":{"big":12345678901234567890,"list":[1.0,null]}}`,
    );
    await send(url, headers, `{${head},"id":"text","datacontenttype":"text/plain","data":"plain \u00fc"}`);
    await send(url, headers, `{${head},"id":"bytes","datacontenttype":"image/png","data_base64":"AAEC/w=="}`);
    await arrive(received, 3);
    const found = Object.fromEntries(received.map((one) => [one.headers['ce-id'], one]));
    expect(found['json']!.headers).toMatchObject(
      binary({ ...attributes, id: 'json', count: '5', flag: 'true', datacontenttype: 'application/json' }),
    );
    expect(found['json']!.body.toString()).toBe('{"big":12345678901234567890,"list":[1.0,null]}');
    expect([found['text']!.headers['content-type'], found['text']!.body.toString()]).toEqual(['text/plain', 'plain \u00fc']);
    expect([found['bytes']!.headers['content-type'], [...found['bytes']!.body]]).toEqual(['image/png', [0, 1, 2, 255]]);
  });

  test('structured mode without datacontenttype arrives without content-type, and with the JSON that it had', async () => {
    const { url, apply } = await broker();
    const { url: subscriber, received } = await startSubscriber();
    await apply(trigger('all', subscriber, {}));
    const event = '{"specversion":"1.0","id":"1","source":"/test","type":"test","data":{"a":1}}';
    await send(url, { 'content-type': 'application/cloudevents+json' }, event);
    await arrive(received, 1);
    expect([received[0]!.headers['content-type'], received[0]!.body.toString()]).toEqual([undefined, '{"a":1}']);
  });

  test('an event of 36 KB and a reply of 36 KB arrive exactly once', async () => {
    const subject = await broker();
    const large = randomBytes(36 * 1024);
    const worker = await startSubscriber((response) =>
      replyWith(response, { type: 'test.reply', datacontenttype: 'image/png' }, large),
    );
    const listener = await startSubscriber();
    await subject.apply(
      trigger('worker', worker.url, { type: 'test' }),
      trigger('listener', listener.url, { type: 'test.reply' }),
    );
    await send(subject.url, binary({ datacontenttype: 'image/png' }), large);
    await arrive(listener.received, 1);
    await settle(subject);
    expect([worker.received, listener.received].map((list) => list.map(({ body }) => body.equals(large)))).toEqual([
      [true],
      [true],
    ]);
  });

  test('asks for a reply, passes on the arrival time, hides the time to live; the trace survives a reply', async () => {
    const { url, apply } = await broker();
    const worker = await startSubscriber((response) => replyWith(response, { type: 'test.reply' }));
    const listener = await startSubscriber();
    await apply(trigger('worker', worker.url, { type: 'test' }), trigger('listener', listener.url, { type: 'test.reply' }));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await send(url, { ...binary({ knativebrokerttl: '9' }), traceparent, 'x-request-id': 'r1', cookie: 'private' });
    await arrive(listener.received, 1);
    expect(worker.received[0]!.headers).toMatchObject({ prefer: 'reply', 'x-request-id': 'r1' });
    expect(Number.isNaN(Date.parse(String(worker.received[0]!.headers['ce-knativearrivaltime'])))).toBe(false);
    expect(worker.received[0]!.headers['cookie']).toBeUndefined();
    // The span may change on the way; the trace may not.
    for (const { headers } of [worker.received[0]!, listener.received[0]!]) {
      expect(headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
      expect(headers['ce-knativebrokerttl']).toBeUndefined();
    }
  });

  test(`${behaviour.baggage ? 'passes' : 'drops'} baggage`, async () => {
    const { url, apply } = await broker();
    const { url: subscriber, received } = await startSubscriber();
    await apply(trigger('all', subscriber, {}));
    await send(url, { ...binary({}), baggage: 'a=b' });
    await arrive(received, 1);
    expect(received[0]!.headers['baggage']).toBe(behaviour.baggage ? 'a=b' : undefined);
  });
}
