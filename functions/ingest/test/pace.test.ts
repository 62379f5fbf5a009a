import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { watchPace } from '../src/http/pace.ts';
import { until } from './support.ts';

const least = 100;
let clock: TestClock;
let socket: Socket;
let request: IncomingMessage;
let cuts: number;
let over: AbortController;
let watch: Promise<void>;
const server = createServer();

beforeEach(async () => {
  clock = testClock();
  cuts = 0;
  over = new AbortController();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
  [request] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  request.on('error', () => {});
  watch = watchPace(request, { least, tooSlow: () => (cuts += 1), signal: over.signal, clock });
});
afterEach(async () => {
  over.abort();
  await watch;
  socket.destroy();
  server.closeAllConnections();
  server.close();
});

/** The bytes have reached Node. */
async function send(bytes: number): Promise<void> {
  const before = request.socket.bytesRead;
  socket.write(Buffer.alloc(bytes));
  await until(() => request.socket.bytesRead === before + bytes);
}

test('an upload of too few bytes in the window is cut off, once', async () => {
  request.resume();
  await send(least * 30 - 1);
  await clock.advance(29_000);
  expect(cuts).toBe(0);
  await clock.advance(1_000);
  expect(cuts).toBe(1);
  await clock.advance(60_000);
  expect(cuts).toBe(1);
});

test('an upload at the least rate goes on, however long it takes', async () => {
  request.resume();
  for (let round = 0; round < 40; round += 1) {
    await send(least * 30);
    await clock.advance(30_000);
  }
  expect(cuts).toBe(0);
  await clock.advance(30_000);
  expect(cuts).toBe(1);
});

test('an upload that has ended is not cut off for its earlier silence', async () => {
  request.resume();
  await send(999_999);
  await clock.advance(55_000);
  await send(1);
  await until(() => request.complete);
  await clock.advance(5_000);
  await watch;
  expect(cuts).toBe(0);
});

test('silence of less than a window is forgiven', async () => {
  request.resume();
  await clock.advance(25_000);
  await send(least * 30);
  await clock.advance(5_000);
  expect(cuts).toBe(0);
});

test('while bytes are unread, the sender is not the slow one', async () => {
  await send(10);
  await clock.advance(300_000);
  expect(cuts).toBe(0);
  request.resume();
  await until(() => request.readableLength === 0);
  await clock.advance(30_000);
  expect(cuts).toBe(1);
});

test('it ends with the request, and with the signal', async () => {
  request.resume();
  over.abort();
  await watch;
  await clock.advance(60_000);
  expect(cuts).toBe(0);

  over = new AbortController();
  watch = watchPace(request, { least, tooSlow: () => (cuts += 1), signal: over.signal, clock });
  await send(1_000_000);
  await until(() => request.complete);
  await clock.advance(5_000);
  await watch;
  expect(cuts).toBe(0);
});

test('0 lets an upload be as slow as it likes', async () => {
  await watchPace(request, { least: 0, tooSlow: () => (cuts += 1), signal: over.signal, clock });
  expect(cuts).toBe(0);
});
