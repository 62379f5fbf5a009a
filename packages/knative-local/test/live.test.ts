import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createLive } from '../src/console/live.ts';
import { Problem } from '../src/console/problem.ts';
import { createJournal } from '../src/journal/journal.ts';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';

interface Viewer {
  read: string;
  ended: boolean;
  leave(): void;
}

/** Real connections to what is live, at a time that the test drives. */
async function open() {
  const clock = testClock();
  const journal = createJournal({ bounds: { count: 10_000, bytes: 1e9 }, clock });
  const asked = { topology: 0, followers: 0 };
  const follow = (listener: (number: number) => void) => {
    asked.followers += 1;
    const end = journal.follow(listener);
    return () => {
      asked.followers -= 1;
      end();
    };
  };
  let shape = 'one';
  const topology = async () => {
    asked.topology += 1;
    return { shape };
  };
  const live = createLive({ ...journal, follow }, topology, clock);
  const server = createServer((_request, response) => {
    try {
      live.open(response);
    } catch (error) {
      response.writeHead((error as Problem).status).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    live.close();
    server.close();
  });
  const view = () =>
    new Promise<Viewer>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const request = get({ port, host: '127.0.0.1', agent: false }, (response: IncomingMessage) => {
        const viewer: Viewer = { read: String(response.statusCode), ended: false, leave: () => request.destroy() };
        response.setEncoding('utf8').on('data', (text: string) => (viewer.read += text));
        response.on('close', () => (viewer.ended = true)).on('error', () => undefined);
        resolve(viewer);
      }).on('error', reject);
    });
  const publish = (id: string) =>
    journal.event({ attributes: new Map([['id', id]]), data: Buffer.alloc(0) }, { broker: 'default' });
  return { live, clock, view, publish, asked, reshape: (next: string) => (shape = next) };
}

test('tells every viewer of what is new, several news of one event as one', async () => {
  const { clock, view, publish } = await open();
  const [first, second] = await Promise.all([view(), view()]);
  publish('a').delivery('trigger', 'stage').end('lost');
  await clock.advance(200);
  for (const viewer of [first, second])
    await eventually(() =>
      expect(viewer.read).toMatch(/\nevent: events\ndata: \[\{"number":1,[^\n]*"state":"lost"[^\n]*\}\]\n\n$/),
    );
  await clock.advance(1000);
  expect(first.read.match(/event: events/g)).toHaveLength(1);
});

test('if more is new than it tells, it says that alone', async () => {
  const { clock, view, publish } = await open();
  const viewer = await view();
  for (let id = 0; id < 600; id += 1) publish(String(id));
  await clock.advance(200);
  await eventually(() => expect(viewer.read).toContain('event: flood\n'));
  expect(viewer.read).not.toContain('event: events');
  publish('next');
  await clock.advance(1000);
  await eventually(() => expect(viewer.read).toContain('"number":601'));
});

test('much news is told once a second, and little again at once', async () => {
  const { clock, view, publish } = await open();
  const viewer = await view();
  const messages = () => viewer.read.match(/event: events/g)?.length ?? 0;
  for (let round = 1; round <= 15; round += 1) {
    for (let id = 0; id < 60; id += 1) publish(`${round}-${id}`);
    await clock.advance(200);
  }
  // At 200, 1200 and 2200 ms; what came since then at 3200 ms.
  await eventually(() => expect(messages()).toBe(3));
  await clock.advance(200);
  await eventually(() => expect(messages()).toBe(4));
  publish('little');
  await clock.advance(1000);
  await eventually(() => expect(messages()).toBe(5));
  publish('more');
  await clock.advance(200);
  await eventually(() => expect(messages()).toBe(6));
});

test('tells of the topology when it has changed, and looks at it now and then', async () => {
  const { live, clock, view, asked, reshape } = await open();
  const viewer = await view();
  live.changed();
  await clock.advance(200);
  await eventually(() => expect(viewer.read).toContain('event: topology\ndata: {"shape":"one"}\n\n'));
  await clock.advance(4000);
  expect(asked.topology).toBeGreaterThan(1);
  reshape('two');
  await clock.advance(2000);
  await eventually(() => expect(viewer.read).toContain('{"shape":"two"}'));
  expect(viewer.read.match(/event: topology/g)).toHaveLength(2);
});

test('while nobody looks it does nothing, and it begins anew with the next', async () => {
  const { clock, view, publish, asked } = await open();
  expect([asked.followers, clock.pending()]).toEqual([0, []]);
  const first = await view();
  expect(asked.followers).toBe(1);
  first.leave();
  await eventually(() => expect([asked.followers, clock.pending()]).toEqual([0, []]));
  publish('unseen');
  const second = await view();
  publish('seen');
  await clock.advance(200);
  await eventually(() => expect(second.read).toContain('"id":"seen"'));
  expect(second.read).not.toContain('unseen');
});

test('takes only so many viewers, and lets them go at the end', async () => {
  const { live, view } = await open();
  const viewers = await Promise.all(Array.from({ length: 20 }, view));
  expect((await view()).read).toBe('503');
  viewers[0]!.leave();
  await eventually(async () => expect((await view()).read).toContain('200'));
  live.close();
  await eventually(() => expect(viewers.every(({ ended }) => ended)).toBe(true));
});
