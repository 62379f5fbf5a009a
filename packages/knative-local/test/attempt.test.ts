import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { attempt, type DeliveryOutcome, type Message } from '../src/broker/attempt.ts';
import { limits } from '../src/limits.ts';
import { NotUp } from '../src/process/revision.ts';
import { testClock } from './clock.ts';
import { binary, destination, startSubscriber } from './subscriber.ts';

type Respond = Parameters<typeof startSubscriber>[0];

const timeout = 5000;
const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', datacontenttype: 'text/plain' };
const message: Message = {
  event: { attributes: new Map(Object.entries(event)), data: Buffer.from('some data') },
  headers: { traceparent: 'theirs', 'x-request-id': 'r1' },
};
const reply = binary({ id: '2', type: 'test.reply', datacontenttype: 'application/json' });

/** One attempt to deliver to a real subscriber. */
async function call(respond?: Respond, { ignoreReply = false, headers = {} } = {}) {
  const server = await startSubscriber(respond);
  const subscriber = destination(server.url, headers);
  const clock = testClock();
  const attempted = attempt({ message, subscriber, timeout, clock, signal: new AbortController().signal, ignoreReply });
  return { server, subscriber, clock, attempted };
}

async function outcomeOf(respond?: Respond, options?: Parameters<typeof call>[1]): Promise<DeliveryOutcome> {
  const { subscriber, clock, attempted } = await call(respond, options);
  const outcome = await attempted;
  expect([subscriber.returned, clock.pending()], 'turns given back, and timers left').toEqual([1, []]);
  return outcome;
}

/** A server below HTTP, for answers that no HTTP server gives. */
async function startSocket(answer: string, seen: Buffer[] = []): Promise<string> {
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (data) => {
        seen.push(data);
        socket.end(answer);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

test('an event is sent in binary mode, with what travels along and what the subscriber is shown, and asks for a reply', async () => {
  const { server, attempted } = await call(undefined, { headers: { authorization: 'Bearer x' } });
  expect(await attempted).toEqual({ result: 'delivered', status: 204 });
  const [received] = server.received;
  expect(received!.method).toBe('POST');
  expect(received!.headers).toMatchObject({
    ...binary(event),
    'content-length': '9',
    traceparent: 'theirs',
    authorization: 'Bearer x',
    prefer: 'reply',
  });
  expect(received!.body.toString()).toBe('some data');
});

test('without interest in a reply, none is asked for, and any 2xx will do', async () => {
  const { server, attempted } = await call((response) => response.end('thanks'), { ignoreReply: true });
  expect(await attempted).toEqual({ result: 'delivered', status: 200 });
  expect(server.received[0]!.headers['prefer']).toBeUndefined();
});

test.each([200, 201, 204, 299])('%i is a delivery', async (status) => {
  expect(await outcomeOf((response) => response.writeHead(status).end())).toEqual({ result: 'delivered', status });
});

test.each([
  [true, [404, 408, 409, 429, 500, 503, 599]],
  [false, [300, 302, 400, 401, 410, 422, 499]],
])('whether it is retried is %s for %j; the dead letter would tell status and body', async (retriable, statuses) => {
  for (const status of statuses) {
    const outcome = await outcomeOf((response) => response.writeHead(status).end('why'));
    expect(outcome).toEqual({
      result: 'failed',
      retriable,
      status,
      reason: `${status} why`,
      error: { code: status, body: Buffer.from('why') },
    });
  }
});

test('a status below 200 is no delivery', async () => {
  const subscriber = destination(`http://${await startSocket('HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n')}`);
  const signal = new AbortController().signal;
  expect(await attempt({ message, subscriber, timeout, clock: testClock(), signal })).toMatchObject({
    result: 'failed',
    reason: '99',
    error: { code: 99 },
  });
});

test('the reason is one short line, whatever the body', async () => {
  const body = ` many\r\n\tlines ${'x'.repeat(300)}`;
  const outcome = await outcomeOf((response) => response.writeHead(422).end(body));
  expect(outcome).toMatchObject({ reason: `422 many lines ${'x'.repeat(200 - ' many\r\n\tlines '.length)}` });
  const blank = await outcomeOf((response) => response.writeHead(422).end('\n'));
  expect(blank).toMatchObject({ reason: '422' });
});

test.each<[string, Respond]>([
  ['binary mode', (response) => response.writeHead(200, { ...reply, 'x-request-id': 'r2', cookie: 'c' }).end('{}')],
  [
    'structured mode',
    (response) =>
      response
        .writeHead(200, { 'content-type': 'Application/CloudEvents+json; charset=utf-8', 'x-request-id': 'r2' })
        .end(
          '{"specversion":"1.0","id":"2","source":"/test","type":"test.reply","datacontenttype":"application/json","data":{}}',
        ),
  ],
])('an event in the response is a reply, in %s; what travelled along goes on with it', async (_name, respond) => {
  expect(await outcomeOf(respond)).toEqual({
    result: 'delivered',
    status: 200,
    reply: {
      event: {
        attributes: new Map(Object.entries({ ...event, id: '2', type: 'test.reply', datacontenttype: 'application/json' })),
        data: Buffer.from('{}'),
      },
      headers: { traceparent: 'theirs', 'x-request-id': 'r2' },
    },
  });
});

test.each<[string, Respond, RegExp]>([
  ['is no event', (response) => response.end('thanks'), /not a CloudEvent/],
  [
    'is a malformed event',
    (response) => response.writeHead(200, { 'ce-specversion': '2.0' }).end(),
    /malformed.*specversion 2.0/,
  ],
])('a response that %s is a failure to be retried, of which a dead letter tells nothing', async (_name, respond, reason) => {
  expect(await outcomeOf(respond)).toEqual({
    result: 'failed',
    retriable: true,
    status: 200,
    reason: expect.stringMatching(reason),
  });
});

test('if no process is up, it is as if an activator had answered 503', async () => {
  const subscriber = { ...destination(), turn: () => Promise.reject(new NotUp('zip is not up')) };
  const signal = new AbortController().signal;
  expect(await attempt({ message, subscriber, timeout, clock: testClock(), signal })).toEqual({
    result: 'failed',
    retriable: true,
    reason: 'zip is not up',
    error: { code: 503, body: Buffer.from('zip is not up') },
  });
});

test.each<[string, Respond]>([
  ['before the response', (response) => response.destroy()],
  [
    'within the response',
    (response) => response.writeHead(200, { 'content-length': '9' }).write('half', () => response.destroy()),
  ],
])('a connection that breaks off %s is retried, and counts as 500', async (_name, respond) => {
  const outcome = await outcomeOf(respond);
  expect(outcome).toMatchObject({ result: 'failed', retriable: true, error: { code: 500 } });
  const { error, reason } = outcome as Extract<DeliveryOutcome, { result: 'failed' }>;
  expect(error!.body.toString()).toBe(`dispatch error: ${reason}`);
  expect(reason).toMatch(/socket hang up|aborted/);
});

test('a response may be as large as an event, and no larger', async () => {
  const sized = (size: number) => outcomeOf((response) => response.writeHead(200, reply).end(Buffer.alloc(size)));
  expect((await sized(limits.eventBytes)).result).toBe('delivered');
  expect(await sized(limits.eventBytes + 1)).toMatchObject({
    result: 'failed',
    reason: expect.stringContaining(String(limits.eventBytes)),
  });
});

test.each<[string, Respond]>([
  ['no answer', () => undefined],
  ['an answer without end', (response) => response.writeHead(200).write('and')],
])('%s is a failure once the time is up, not before, and a dead letter tells nothing of it', async (_name, respond) => {
  const { clock, attempted, subscriber } = await call(respond);
  let outcome: DeliveryOutcome | undefined;
  void attempted.then((found) => (outcome = found));
  await clock.advance(timeout - 1);
  expect([outcome, subscriber.returned]).toEqual([undefined, 0]);
  await clock.advance(1);
  expect(await attempted).toEqual({ result: 'failed', retriable: true, reason: 'no answer within 5 s' });
  expect(subscriber.returned).toBe(1);
});

test('the connection to a subscriber is kept for the next event', async () => {
  const ports = new Set<number | undefined>();
  const server = await startSubscriber((response) => {
    ports.add(response.socket?.remotePort);
    response.writeHead(204).end();
  });
  const signal = new AbortController().signal;
  for (let count = 0; count < 3; count += 1)
    await attempt({ message, subscriber: destination(server.url), timeout, clock: testClock(), signal });
  expect(ports.size).toBe(1);
});

test('an address with https is called by TLS', async () => {
  const seen: Buffer[] = [];
  const subscriber = destination(`https://${await startSocket('', seen)}`);
  const signal = new AbortController().signal;
  expect((await attempt({ message, subscriber, timeout, clock: testClock(), signal })).result).toBe('failed');
  // A TLS record with a handshake.
  expect(seen[0]![0]).toBe(22);
});
