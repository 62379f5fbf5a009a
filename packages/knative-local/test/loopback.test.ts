import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { leash } from '../src/process/leash.ts';
import { onLoopback } from '../src/process/loopback.ts';
import { makeFolder } from './folders.ts';

test.each<[string, unknown[]]>([
  ['a port', [0]],
  ['a port in text', ['0']],
  ['a port for every interface', [0, '0.0.0.0']],
  ['a port, a host and a backlog', [0, '::', 5]],
  ['a port and a backlog', [0, 5]],
  ['options', [{ port: 0, host: '0.0.0.0' }]],
  ['no port', [undefined]],
  ['null', [null]],
  ['nothing', []],
])('a server that is told to listen on %s is reached from this machine alone', async (_name, wanted) => {
  const server = createServer();
  onTestFinished(() => void server.close());
  let called = false;
  const listening = once(server, 'listening');
  Reflect.apply(server.listen, server, onLoopback([...wanted, () => (called = true)]));
  await listening;
  expect([server.address(), called]).toEqual([expect.objectContaining({ address: '127.0.0.1' }), true]);
});

test('what else was asked for stays', async () => {
  expect(onLoopback([8080, '0.0.0.0', 5])).toEqual([{ port: 8080, host: '127.0.0.1', backlog: 5 }]);
  expect(onLoopback(['8080'])).toEqual([{ port: '8080', host: '127.0.0.1' }]);
  expect(onLoopback([{ port: 1, backlog: 5, exclusive: true }])).toEqual([
    { port: 1, backlog: 5, exclusive: true, host: '127.0.0.1' },
  ]);
  const path = join(await makeFolder(), 'socket');
  const callback = () => undefined;
  for (const other of [[path, callback], [{ path }], [{ fd: 3 }, 5]]) expect(onLoopback(other)).toEqual(other);
});

/** A child as seen from within, with or without a parent that speaks to it. */
function child(channel?: { unref(): void }) {
  const killed: [number, string | number | undefined][] = [];
  const events = new EventEmitter();
  const kill = (pid: number, signal?: string | number) => {
    killed.push([pid, signal]);
    return true;
  };
  leash(Object.assign(events, { pid: 7, kill, channel }) as unknown as NodeJS.Process);
  return { events, killed };
}

test('a process kills itself when its parent is gone, and not before; the channel to it keeps no process alive', () => {
  let unreferenced = 0;
  const { events, killed } = child({ unref: () => (unreferenced += 1) });
  expect([unreferenced, killed]).toEqual([1, []]);
  events.emit('disconnect');
  expect(killed).toEqual([[7, 'SIGKILL']]);
});

test('a process without a parent that speaks to it starts all the same', () => {
  expect(child().killed).toEqual([]);
});
