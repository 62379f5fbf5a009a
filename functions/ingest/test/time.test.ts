import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fastify from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { bodyOf } from '../src/http/body.ts';
import { drain } from '../src/http/drain.ts';
import { finish, stopOnSignal } from '../src/stop.ts';
import { until } from './support.ts';

let clock: TestClock;
beforeEach(() => {
  clock = testClock();
});

const portOf = (listening: Server) => (listening.address() as AddressInfo).port;

test('requests in flight may take another 25 s, and are then cut off', async () => {
  const app = fastify();
  let begun = false;
  app.get('/', () => {
    begun = true;
    return new Promise(() => {});
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  let cut = false;
  const hanging = fetch(`http://127.0.0.1:${portOf(app.server)}/`).catch(() => (cut = true));
  await until(() => begun);
  const finished = finish(app, clock);
  await clock.advance(24_999);
  expect(cut).toBe(false);
  const logged = vi.spyOn(console, 'log').mockImplementation(() => {});
  await clock.advance(1);
  await hanging;
  expect(cut).toBe(true);
  expect(await finished).toBe(false);
  expect(logged.mock.calls).toEqual([['cutting off what is still in flight seconds=25']]);
  logged.mockRestore();
});

test('a server that does not end even when it is cut off is given up on after 2 s more', async () => {
  const app = fastify();
  app.addHook('onClose', () => new Promise(() => {}));
  await app.ready();
  let over = false;
  const finished = finish(app, clock).finally(() => (over = true));
  await clock.advance(26_999);
  expect(over).toBe(false);
  await clock.advance(1);
  expect(await finished).toBe(false);
});

test('with nothing in flight the end comes at once, and nothing waits for it any more', async () => {
  const sleep = vi.spyOn(clock, 'sleep');
  const app = fastify();
  await app.ready();
  expect(await finish(app, clock)).toBe(true);
  expect(sleep.mock.calls.map(([, signal]) => signal!.aborted)).toEqual([true]);
});

test.each([
  ['SIGTERM', 'at once', 0],
  ['SIGINT', 'after 27 s', 1],
] as const)('%s ends the process %s, since that is how long it takes, with %i', async (signal, _when, code) => {
  const app = fastify();
  if (code === 1) app.addHook('onClose', () => new Promise(() => {}));
  await app.ready();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const before = signals.map((name) => process.listeners(name));
  const closing = new AbortController();
  const closed = vi.spyOn(app, 'close');
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  stopOnSignal(app, closing, clock);
  expect(closing.signal.aborted).toBe(false);
  process.emit(signal);
  expect(closing.signal.aborted).toBe(true);
  // A second signal changes nothing.
  process.emit('SIGTERM');
  await clock.advance(code === 1 ? 26_999 : 0);
  expect(exit.mock.calls).toEqual(code === 1 ? [] : [[0]]);
  await clock.advance(1);
  expect(exit.mock.calls).toEqual([[code]]);
  expect(closed).toHaveBeenCalledTimes(1);
  exit.mockRestore();
  for (const [index, name] of signals.entries())
    for (const each of process.listeners(name)) if (!before[index]!.includes(each)) process.off(name, each as () => void);
});

const server = createServer();
let socket: Socket;
let request: IncomingMessage;

async function beginUpload(): Promise<void> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  socket = connect(portOf(server), '127.0.0.1').on('error', () => {});
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n');
  [request] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
}
afterEach(() => {
  socket?.destroy();
  server.closeAllConnections();
  server.close();
});

test('the rest of a refused upload is drained, and nothing waits for it any more', async () => {
  const sleep = vi.spyOn(clock, 'sleep');
  await beginUpload();
  const drained = drain(request, 100_000, clock);
  socket.write(Buffer.alloc(100_000));
  await drained;
  expect([request.complete, request.socket.destroyed]).toEqual([true, false]);
  expect(sleep.mock.calls.map(([, signal]) => signal!.aborted)).toEqual([true]);
});

test('but only up to a limit', async () => {
  await beginUpload();
  const drained = drain(request, 99_999, clock);
  socket.write(Buffer.alloc(100_000));
  await drained;
  expect(request.readableEnded).toBe(false);
  await until(() => request.socket.destroyed);
});

test('and not for longer than a minute', async () => {
  await beginUpload();
  const drained = drain(request, 100_000, clock);
  await clock.advance(59_999);
  expect(request.destroyed).toBe(false);
  await clock.advance(1);
  await drained;
  expect(request.destroyed).toBe(true);
});

test('one that has come whole, or has been cut off, is not waited for', async () => {
  await beginUpload();
  socket.write(Buffer.alloc(100_000));
  request.resume();
  await once(request, 'end');
  await drain(request, 0, clock);
  expect(request.socket.destroyed).toBe(false);
  await beginUpload();
  request.destroy();
  await once(request, 'close');
  await drain(request, 100_000, clock);
});

test('one whose sender hangs up meanwhile is over', async () => {
  await beginUpload();
  const drained = drain(request, 100_000, clock);
  socket.destroy();
  await drained;
});

test('whoever stops reading a body in the middle can still answer', async () => {
  await beginUpload();
  const bytes = bodyOf(request);
  socket.write(Buffer.alloc(10));
  expect(await bytes.next()).toEqual({ done: false, value: Buffer.alloc(10) });
  await bytes.return(undefined);
  expect([request.destroyed, request.socket.destroyed]).toEqual([false, false]);
});

test('a body in many small pieces is read in few', async () => {
  await beginUpload();
  const bytes = bodyOf(request);
  socket.write(Buffer.alloc(10));
  await bytes.next();
  for (let count = 0; count < 100; count += 1) request.push(Buffer.alloc(1));
  expect((await bytes.next()).value).toHaveLength(100);
  await bytes.return(undefined);
});
