import { randomBytes } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { binary, replyWith, startSubscriber } from './subscriber.ts';

/** A Broker of one's own for one test, whoever runs it. */
export interface BrokerUnderTest {
  url: string;
  /** Applies manifests, and resolves when they are in effect. */
  apply(...manifests: object[]): Promise<void>;
}

type Fields = Record<string, unknown>;

const quick = { backoffPolicy: 'linear', backoffDelay: 'PT0.02S' };
const errorNames = ['knativeerrordest', 'knativeerrorcode', 'knativeerrordata'].map((name) => `ce-${name}`);

/**
 * What any Broker must do: Knative's data plane contract as seen from outside, over HTTP, with real subscribers.
 * @param makeBroker a fresh Broker named "default"; it is given its `spec`
 */
export function testBroker(makeBroker: (spec: Fields) => Promise<BrokerUnderTest>): void {
  const broker = (spec: Fields = { delivery: { ...quick, retry: 3 } }) => makeBroker(spec);
  const trigger = (name: string, subscriber: string, attributes: Record<string, string>, rest: Fields = {}) => ({
    apiVersion: 'eventing.knative.dev/v1',
    kind: 'Trigger',
    metadata: { name },
    spec: { broker: 'default', filter: { attributes }, subscriber: { uri: subscriber }, ...rest },
  });
  const send = (url: string, headers: Record<string, string>, body: string | Buffer = '') => fetch(url, { method: 'POST', headers, body });
  const arrive = (list: unknown[], count: number) => vi.waitFor(() => expect(list.length).toBeGreaterThanOrEqual(count), { timeout: 10_000, interval: 5 });

  /** Nothing more is on its way once an event that was sent afterwards has arrived. */
  async function settle({ url, apply }: BrokerUnderTest) {
    const last = await startSubscriber();
    await apply(trigger(`last-${randomBytes(4).toString('hex')}`, last.url, { type: 'test.last' }));
    await send(url, binary({ type: 'test.last' }));
    await arrive(last.received, 1);
  }

  describe('ingress', () => {
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
      expect((await send(url, binary({ type: '' }))).status).toBe(400);
      expect((await send(url, binary({ time: 'yesterday' }))).status).toBe(400);
      expect((await send(url, structured, '{')).status).toBe(400);
      expect((await send(url, structured, JSON.stringify({ ...event, id: undefined }))).status).toBe(400);
      expect((await send(url, { 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify([event]))).status).toBe(400);
      expect((await send(url, structured, JSON.stringify(event))).status).toBe(202);
    });

    test('stops an event whose knativebrokerttl is used up', async () => {
      const { url } = await broker();
      expect((await send(url, binary({ knativebrokerttl: '1' }))).status).toBe(400);
      expect((await send(url, binary({ knativebrokerttl: '2' }))).status).toBe(202);
    });
  });

  describe('passing on', () => {
    const bodies = { 'application/json': '{ "a" : 1.0,\n "b":"\u00fc" }', 'image/png': randomBytes(1000), 'text/plain; charset=utf-8': 'gr\u00fc\u00df', 'application/x-empty': '' };
    test.each(Object.entries(bodies))('binary mode, %s: bytes and attributes are unchanged', async (datacontenttype, data) => {
      const { url, apply } = await broker();
      const { url: subscriber, received } = await startSubscriber();
      await apply(trigger('all', subscriber, {}));
      const attributes = { id: 'a/1 b', source: '/test/a%20b', type: 'test', time: '2026-01-02T03:04:05.678901Z', dataschema: 'urn:x', subject: 'a "quoted" one', flag: 'true', count: '5', datacontenttype };
      await send(url, binary(attributes), data);
      await arrive(received, 1);
      expect(received[0]!.headers).toMatchObject(binary(attributes));
      expect(received[0]!.body.equals(Buffer.from(data))).toBe(true);
    });

    test('structured mode arrives in binary mode, with its data as they were', async () => {
      const { url, apply } = await broker();
      const { url: subscriber, received } = await startSubscriber();
      await apply(trigger('all', subscriber, {}));
      const head = '"specversion":"1.0","source":"/test","type":"test","count":5,"flag":true';
      const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
      await send(url, headers, `{${head},"id":"json","data":{"big":12345678901234567890,"list":[1.0,null]}}`);
      await send(url, headers, `{${head},"id":"text","datacontenttype":"text/plain","data":"plain \u00fc"}`);
      await send(url, headers, `{${head},"id":"bytes","datacontenttype":"image/png","data_base64":"AAEC/w=="}`);
      await arrive(received, 3);
      const found = Object.fromEntries(received.map((one) => [one.headers['ce-id'], one]));
      expect(found['json']!.headers).toMatchObject(binary({ id: 'json', count: '5', flag: 'true', datacontenttype: 'application/json' }));
      expect(found['json']!.body.toString()).toBe('{"big":12345678901234567890,"list":[1.0,null]}');
      expect([found['text']!.headers['content-type'], found['text']!.body.toString()]).toEqual(['text/plain', 'plain \u00fc']);
      expect([found['bytes']!.headers['content-type'], [...found['bytes']!.body]]).toEqual(['image/png', [0, 1, 2, 255]]);
    });

    test('36 KB there and 36 KB back arrive exactly once', async () => {
      const subject = await broker();
      const large = randomBytes(36 * 1024);
      const worker = await startSubscriber((response) => replyWith(response, { type: 'test.reply', datacontenttype: 'image/png' }, large));
      const listener = await startSubscriber();
      await subject.apply(trigger('worker', worker.url, { type: 'test' }), trigger('listener', listener.url, { type: 'test.reply' }));
      await send(subject.url, binary({ datacontenttype: 'image/png' }), large);
      await arrive(listener.received, 1);
      await settle(subject);
      expect([worker.received, listener.received].map((list) => list.map(({ body }) => body.equals(large)))).toEqual([[true], [true]]);
    });

    test('asks for a reply, and trace context survives, through a reply as well', async () => {
      const { url, apply } = await broker();
      const worker = await startSubscriber((response) => replyWith(response, { type: 'test.reply' }));
      const listener = await startSubscriber();
      await apply(trigger('worker', worker.url, { type: 'test' }), trigger('listener', listener.url, { type: 'test.reply' }));
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await send(url, { ...binary({}), traceparent, baggage: 'a=b', 'x-request-id': 'r1', cookie: 'private' });
      await arrive(listener.received, 1);
      expect(worker.received[0]!.headers).toMatchObject({ prefer: 'reply', baggage: 'a=b', 'x-request-id': 'r1' });
      expect(worker.received[0]!.headers['cookie']).toBeUndefined();
      // The span may change on the way; the trace may not.
      for (const { headers } of [worker.received[0]!, listener.received[0]!]) expect(headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
    });
  });

  describe('routing', () => {
    test('every Trigger that matches gets the event; without one it is accepted and dropped', async () => {
      const subject = await broker();
      const [one, two, other] = await Promise.all([startSubscriber(), startSubscriber(), startSubscriber()]);
      await subject.apply(trigger('one', one.url, { type: 'test', flag: 'true' }), trigger('two', two.url, { source: '/test', flag: '' }), trigger('other', other.url, { type: 'test', flag: 'false' }));
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
      await subject.apply(trigger('worker', worker.url, { type: 'test' }), trigger('right', right.url, { type: 'test.reply', flag: 'no' }), trigger('wrong', wrong.url, { type: 'test.reply', flag: 'yes' }));
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
  });

  describe('failures', () => {
    test.each([404, 408, 409, 429, 500, 503])('%i is tried again', async (status) => {
      const { url, apply } = await broker();
      const subscriber = await startSubscriber((response, _received, number) => response.writeHead(number === 1 ? status : 204).end());
      await apply(trigger('failing', subscriber.url, {}));
      await send(url, binary({}));
      await arrive(subscriber.received, 2);
    });

    test.each([302, 400, 401, 413, 422])('%i goes straight to the dead letter sink', async (status) => {
      const subscriber = await startSubscriber((response) => response.writeHead(status, { location: '/' }).end());
      const letters = await startSubscriber();
      const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: letters.url } } });
      await apply(trigger('failing', subscriber.url, {}));
      await send(url, binary({}));
      await arrive(letters.received, 1);
      expect(subscriber.received.length).toBe(1);
    });

    test.each([
      ['a body that is no event', (response: import('node:http').ServerResponse) => response.end('thanks')],
      ['an event that is malformed', (response: import('node:http').ServerResponse) => response.writeHead(200, { 'ce-specversion': '1.0', 'ce-id': '1' }).end()],
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

    test('retry=3: three failures and then success deliver, four reach the dead letter sink', async () => {
      const letters = await startSubscriber((response) => response.end('a body that is ignored'));
      const subject = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: letters.url } } });
      const fourth = await startSubscriber((response, _received, number) => response.writeHead(number > 3 ? 204 : 500).end());
      const never = await startSubscriber((response) => response.writeHead(500).end());
      await subject.apply(trigger('fourth', fourth.url, { type: 'test.fourth' }), trigger('never', never.url, { type: 'test.never' }));
      await send(subject.url, binary({ type: 'test.fourth' }));
      await send(subject.url, binary({ type: 'test.never', datacontenttype: 'text/plain' }), 'kept');
      await arrive(fourth.received, 4);
      await arrive(letters.received, 1);
      await settle(subject);
      expect([fourth, never, letters].map(({ received }) => received.length)).toEqual([4, 4, 1]);
      expect(letters.received[0]!.headers).toMatchObject(binary({ type: 'test.never', datacontenttype: 'text/plain' }));
      expect(letters.received[0]!.body.toString()).toBe('kept');
    });

    test('the delivery of a Trigger overrides that of the Broker; the dead letter sink falls back', async () => {
      const letters = await startSubscriber();
      const { url, apply } = await broker({ delivery: { ...quick, retry: 3, deadLetterSink: { uri: letters.url } } });
      const failing = await startSubscriber((response) => response.writeHead(500).end());
      await apply(trigger('failing', failing.url, {}, { delivery: { ...quick, retry: 1 } }));
      await send(url, binary({}));
      await arrive(letters.received, 1);
      expect(failing.received.length).toBe(2);
    });

    test('a subscriber that takes longer than the time-out has failed', async () => {
      const { url, apply } = await broker({ delivery: { ...quick, retry: 1, timeout: 'PT0.1S' } });
      const subscriber = await startSubscriber((response, _received, number) => number > 1 && response.writeHead(204).end());
      await apply(trigger('slow', subscriber.url, {}));
      await send(url, binary({}));
      await arrive(subscriber.received, 2);
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

    test('a dead letter tells of a subscriber that cannot be reached', async () => {
      const letters = await startSubscriber();
      const { url, apply } = await broker({ delivery: { ...quick, retry: 1, deadLetterSink: { uri: letters.url } } });
      // Port 1 of the loopback: reserved, and nobody listens there.
      await apply(trigger('nowhere', 'http://127.0.0.1:1/', {}));
      await send(url, binary({}));
      await arrive(letters.received, 1);
      expect(errorNames.slice(0, 2).map((name) => letters.received[0]!.headers[name])).toEqual(['http://127.0.0.1:1/', '500']);
    });
  });
}
