import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { imageUploaded } from '@darkroom/shared/events';
import { publish } from '@darkroom/shared/stage/publish';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

const event = imageUploaded({ job: '00000000-0000-4000-8000-000000000001', filters: ['sepia'], archive: true }, '1');

/** A broker that answers as it is told to. */
let answer: (response: ServerResponse) => void;
let received: { method?: string; headers: IncomingHttpHeaders; body: string }[];
const broker = createServer((request, response) => {
  let body = '';
  request
    .on('data', (chunk) => (body += String(chunk)))
    .on('end', () => {
      received.push({ method: request.method!, headers: request.headers, body });
      answer(response);
    });
});
let sink: string;
beforeAll(async () => {
  await once(broker.listen(0, '127.0.0.1'), 'listening');
  sink = `http://127.0.0.1:${(broker.address() as AddressInfo).port}/default/default`;
});
afterAll(() => {
  broker.closeAllConnections();
  broker.close();
});
beforeEach(() => {
  received = [];
  vi.unstubAllEnvs();
});

test('an event travels as a binary CloudEvent: attributes as headers, data as body', async () => {
  answer = (response) => response.writeHead(202).end();
  await publish(sink, event);
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    method: 'POST',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': event.type,
      'ce-id': event.id,
      'ce-sepia': 'true',
      'content-type': expect.stringContaining('application/json'),
    },
  });
  expect(JSON.parse(received[0]!.body)).toEqual(event.data);
});

test.each([
  [undefined, undefined],
  ['secret', 'Bearer secret'],
])('with EVENT_TOKEN %s it shows %s', async (token, shown) => {
  vi.stubEnv('EVENT_TOKEN', token);
  answer = (response) => response.writeHead(202).end();
  await publish(sink, event);
  expect(received[0]!.headers.authorization).toBe(shown);
});

test.each([
  ['200', 200, 'a body that nobody reads'],
  ['202', 202, ''],
  ['204, which has no body', 204, ''],
])('%s means accepted', async (_name, status, body) => {
  answer = (response) => response.writeHead(status).end(body);
  await expect(publish(sink, event)).resolves.toBeUndefined();
});

test.each([300, 400, 404, 429, 500, 503])('%i is a fault that says which broker refused which event', async (status) => {
  answer = (response) => response.writeHead(status).end('no');
  await expect(publish(sink, event)).rejects.toThrow(`${sink} answered ${status} to ${event.type}`);
});

test('a broker that is down is a fault', async () => {
  await expect(publish('http://127.0.0.1:9', event)).rejects.toThrow('ECONNREFUSED');
});

test('a connection that ends while an event is on its way is not the fault of the event', async () => {
  const used = new WeakSet<object>();
  answer = (response) => {
    const connection = response.socket!;
    if (used.has(connection)) return void connection.destroy();
    used.add(connection);
    response.writeHead(202).end();
  };
  for (let count = 0; count < 4; count += 1) await publish(sink, event);
  expect(received.length).toBeGreaterThan(4);
});
