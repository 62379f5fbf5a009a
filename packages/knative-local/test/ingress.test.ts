import { request as send, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { Message } from '../src/broker/attempt.ts';
import { createIngress } from '../src/broker/ingress.ts';
import type { Refusal } from '../src/broker/observer.ts';
import { limits } from '../src/limits.ts';
import { close, listen } from '../src/listen.ts';
import { binary } from './subscriber.ts';

/** The real ingress before a Broker that answers this. */
async function open(publish: () => Refusal | undefined = () => undefined, token?: string) {
  const published: { broker: string; message: Message }[] = [];
  const listening = await listen(0, '127.0.0.1');
  onTestFinished(() => close(listening, 0));
  const ingress: RequestListener = createIngress(
    {
      publish(broker, message) {
        published.push({ broker, message });
        return publish();
      },
    },
    token,
  );
  listening.server.on('request', ingress);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${listening.port}${path}`, { method: 'POST', headers: binary({}), ...init });
  return { published, ask, port: listening.port };
}

test('an event goes to the Broker in the path, with the headers that travel along, and the answer is an empty 202', async () => {
  const { published, ask } = await open();
  const headers = { ...binary({ id: '7' }), traceparent: 't', cookie: 'private' };
  const response = await ask('/default/mine', { headers, body: 'data' });
  expect([response.status, await response.text()]).toEqual([202, '']);
  expect(published.map(({ broker, message: { event, headers: along } }) => [broker, event.data.toString(), along])).toEqual([
    ['mine', 'data', { traceparent: 't' }],
  ]);
  expect(published[0]!.message.event.attributes.get('id')).toBe('7');
});

test.each<[string, number, string]>([
  ['/default/mine/', 202, ''],
  ['/', 404, ''],
  ['/default', 400, 'The path must be'],
  ['/default/', 400, 'The path must be'],
  ['//mine', 400, 'The path must be'],
  ['/default/mine/more', 400, 'The path must be'],
  ['/other/mine', 404, 'no namespace other; it is default'],
])('%s is answered with %i %s', async (path, status, reason) => {
  const { published, ask } = await open();
  const response = await ask(path);
  expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(reason)]);
  expect(published.map(({ broker }) => broker)).toEqual(status === 202 ? ['mine'] : []);
});

test('takes POST, and says so', async () => {
  const { published, ask } = await open();
  const options = await ask('/default/mine', { method: 'OPTIONS' });
  expect([options.status, await options.text()]).toEqual([200, '']);
  expect([options.headers.get('allow'), options.headers.get('webhook-allowed-origin')]).toEqual(['POST, OPTIONS', '*']);
  const got = await ask('/default/mine', { method: 'GET' });
  expect([got.status, got.headers.get('allow'), await got.text()]).toEqual([405, 'POST, OPTIONS', '']);
  expect(published).toEqual([]);
});

test('where a token is needed, only those who show it may publish', async () => {
  const { published, ask } = await open(undefined, 'secret');
  const refused = await ask('/default/mine');
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect(await refused.text()).toContain('Only functions');
  expect(published).toEqual([]);
  expect((await ask('/default/mine', { headers: { ...binary({}), authorization: 'Bearer secret' } })).status).toBe(202);
});

test('a page of another website is refused before anything else', async () => {
  const { published, ask } = await open();
  const response = await ask('/default/mine', { headers: { ...binary({}), origin: 'http://evil.example' } });
  expect([response.status, published.length]).toEqual([403, 0]);
});

test.each<[Refusal, string | null]>([
  [{ status: 400, reason: 'no' }, null],
  [{ status: 404, reason: 'none' }, null],
  [{ status: 503, reason: 'later' }, '1'],
])('%j is told to the publisher; when to come back: %s', async (refusal, later) => {
  const { ask } = await open(() => refusal);
  const response = await ask('/default/mine');
  expect([response.status, await response.text(), response.headers.get('retry-after')]).toEqual([
    refusal.status,
    refusal.reason,
    later,
  ]);
});

test('what is no event is answered with 400 and the reason', async () => {
  const { published, ask } = await open();
  const response = await ask('/default/mine', { headers: { 'ce-id': '1' } });
  expect([response.status, await response.text(), published.length]).toEqual([400, 'ce-specversion is missing', 0]);
});

test('a fault of the program is not the fault of the event: the connection breaks, and the event is sent again', async () => {
  const { ask } = await open(() => {
    throw new Error('a fault in the program');
  });
  await expect(ask('/default/mine')).rejects.toThrow();
});

test.each<[string, (size: number) => RequestInit]>([
  ['is declared', (size) => ({ body: Buffer.alloc(size) })],
  ['is not', (size) => ({ body: new Blob([Buffer.alloc(size)]).stream(), duplex: 'half' })],
])('an event has its limit, whether its length %s', async (_name, init) => {
  const { published, ask } = await open();
  expect((await ask('/default/mine', init(limits.eventBytes))).status).toBe(202);
  const refused = await ask('/default/mine', init(limits.eventBytes + 1));
  expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining(String(limits.eventBytes))]);
  expect(published.map(({ message }) => message.event.data.length)).toEqual([limits.eventBytes]);
});

test('a length that is too large is refused before the body comes, and ends the connection', async () => {
  const { port } = await open();
  const socket = connect(port, '127.0.0.1');
  socket.write('POST /default/mine HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\n\r\nthe start');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n[^]*reference instead of the data/i);
});

test('the rest of a body that was refused does not hold up the answer, and a connection without one is kept', async () => {
  const { ask, port } = await open();
  expect((await ask('/default/mine')).headers.get('connection')).toBe('keep-alive');
  const refused = await new Promise<[number | undefined, string]>((resolve, reject) => {
    const request = send({ port, host: '127.0.0.1', method: 'POST', path: '/other/mine' }, (response) => {
      void text(response).then((body) => resolve([response.statusCode, body]), reject);
    });
    request.on('error', reject);
    request.end(Buffer.alloc(32 * 1024 * 1024));
  });
  expect(refused).toEqual([404, expect.stringContaining('no namespace')]);
});
