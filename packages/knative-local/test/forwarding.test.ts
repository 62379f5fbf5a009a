import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../src/limits.ts';
import { close, listen } from '../src/listen.ts';
import { NotUp, type Turn } from '../src/process/revision.ts';
import { createRouter } from '../src/router.ts';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(listener: Serve): Promise<number> {
  const listening = await listen(0, '127.0.0.1');
  onTestFinished(() => close(listening, 0));
  listening.server.on('request', listener);
  return listening.port;
}

const upload = ['POST / HTTP/1.1', 'host: localhost', 'connection: close', 'content-length: 10'];

interface Options {
  /** The function behind the router. */
  behind?: Serve;
  /** In place of a turn at that function. */
  turn?: (signal: AbortSignal) => Promise<Turn>;
  names?: string[];
  ready?: boolean;
}

/** The router before a function, and the sockets that ask it. */
async function open({ behind = (_request, response) => response.end('ok'), turn, names, ready = true }: Options = {}) {
  const upstream = await serve(behind);
  const clock = testClock();
  const picked: [string, string | undefined][] = [];
  const lines: string[] = [];
  const state = { given: 0, returned: 0 };
  const responses: ServerResponse[] = [];
  const router = createRouter({
    fleet: {
      pick(service, tag) {
        picked.push([service, tag]);
        return {
          async turn(signal) {
            state.given += 1;
            const given = turn ? await turn(signal!) : { origin: `http://127.0.0.1:${upstream}`, release: () => undefined };
            return {
              origin: given.origin || `http://127.0.0.1:${upstream}`,
              release() {
                given.release();
                state.returned += 1;
              },
            };
          },
        };
      },
    },
    service: 'ingest',
    names,
    unavailable: 'Come back later.',
    isReady: () => ready,
    log: (source, line) => lines.push(`${source}: ${line}`),
    clock,
  });
  const port = await serve((request, response) => {
    responses.push(response);
    router(request, response);
  });

  /** Sends a request over a connection of its own. */
  function send(head: string[], body: string | Buffer = ''): { socket: Socket; answer: Promise<string> } {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(body);
    return { socket, answer: buffer(socket).then(String, (error: Error) => `broken: ${error.message}`) };
  }
  const get = (path = '/', ...headers: string[]) =>
    send([`GET ${path} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers]).answer;
  return { send, get, clock, picked, lines, state, responses, port };
}

test('a request is passed on as it came, by the tag that it names, with where it came from', async () => {
  let seen: IncomingMessage | undefined;
  let body: Buffer | undefined;
  const { send, picked, state, port } = await open({
    behind: (request, response) => {
      seen = request;
      void buffer(request).then((all) => {
        body = all;
        response.writeHead(418, 'Short', { 'x-own': 'y', 'content-length': '4' }).end('teap');
      });
    },
  });
  const head = [
    'PUT /a?b=c HTTP/1.1',
    `host: localhost:${port}`,
    'connection: close',
    'knative-serving-tag: v2',
    'x-forwarded-for: 192.0.2.1',
    'content-length: 5',
  ];
  const answer = await send(head, 'bytes').answer;
  expect(answer).toMatch(/^HTTP\/1\.1 418 Short\r\n[^]*x-own: y\r\n[^]*\r\n\r\nteap$/);
  expect([picked, seen!.method, seen!.url, body!.toString()]).toEqual([[['ingest', 'v2']], 'PUT', '/a?b=c', 'bytes']);
  expect(seen!.headers).toMatchObject({
    host: `localhost:${port}`,
    connection: 'keep-alive',
    'x-forwarded-for': '192.0.2.1, 127.0.0.1',
    'x-forwarded-host': `localhost:${port}`,
    'x-forwarded-proto': 'http',
  });
  await eventually(() => expect(state).toEqual({ given: 1, returned: 1 }));
});

test('a request without a tag, and from nowhere else, names its sender alone', async () => {
  let headers: IncomingHttpHeaders | undefined;
  const { get, picked } = await open({
    behind: (request, response) => {
      ({ headers } = request);
      response.end('ok');
    },
  });
  expect(await get()).toMatch(/^HTTP\/1\.1 200 /);
  expect([picked, headers!['x-forwarded-for']]).toEqual([[['ingest', undefined]], '127.0.0.1']);
});

test('headers about the connection behind are not passed on, others are', async () => {
  const { get } = await open({
    behind: (_request, response) =>
      response.writeHead(200, { connection: 'keep-alive', 'keep-alive': 'timeout=72', 'set-cookie': ['a=1', 'b=2'] }).end('ok'),
  });
  const answer = await get();
  expect(answer).not.toMatch(/timeout=72|connection: keep-alive/i);
  expect(answer).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\n/);
  // One length, not two: in chunks once, not twice.
  expect(answer.match(/transfer-encoding: chunked/gi)?.length).toBe(1);
});

test('a client that closes its connection while a request is under way frees its turn', async () => {
  const closed = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { send, state } = await open({
    behind: (_request, response) => {
      response.once('close', closed.resolve);
      begun.resolve();
    },
  });
  const { socket } = send(['GET / HTTP/1.1', 'host: localhost']);
  await begun.promise;
  expect(state).toEqual({ given: 1, returned: 0 });
  socket.destroy();
  await closed.promise;
  await eventually(() => expect(state.returned).toBe(1));
});

test('a client that closes its connection while it waits for a turn waits no more', async () => {
  const given = Promise.withResolvers<AbortSignal>();
  const { send, lines } = await open({
    turn: (signal) =>
      new Promise((_resolve, reject) => {
        given.resolve(signal);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const { socket } = send(['GET / HTTP/1.1', 'host: localhost']);
  const signal = await given.promise;
  expect(signal.aborted).toBe(false);
  socket.destroy();
  await eventually(() => expect(signal.aborted).toBe(true));
  expect(lines).toEqual([]);
});

test('a client that goes away in the middle of an upload ends the request behind, and nothing else', async () => {
  const faults: unknown[] = [];
  const note = (fault: unknown) => void faults.push(fault);
  process.on('uncaughtException', note);
  onTestFinished(() => void process.off('uncaughtException', note));
  const begun = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<boolean>();
  const { send, state, get } = await open({
    behind(request, response) {
      if (request.method === 'GET') return void response.end('ok');
      request.on('error', () => undefined).once('data', () => begun.resolve());
      response.once('close', () => closed.resolve(request.complete));
    },
  });
  const { socket } = send(upload, 'begin');
  await begun.promise;
  socket.destroy();
  expect(await closed.promise).toBe(false);
  await eventually(() => expect(state.returned).toBe(1));
  expect(await get()).toMatch(/^HTTP\/1\.1 200 /);
  expect(faults).toEqual([]);
});

test('a turn that comes for a client that has gone is given back at once, and asks nothing of the function', async () => {
  const asked = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<Turn>();
  let calls = 0;
  const { send, state, responses } = await open({
    behind: (_request, response) => {
      calls += 1;
      response.end('ok');
    },
    turn: () => {
      asked.resolve();
      return turn.promise;
    },
  });
  const { socket } = send(['GET / HTTP/1.1', 'host: localhost']);
  await asked.promise;
  socket.destroy();
  await eventually(() => expect(responses[0]!.closed).toBe(true));
  turn.resolve({ origin: '', release: () => undefined });
  await eventually(() => expect(state.returned).toBe(1));
  // Long enough for a request to arrive that was sent before this one.
  expect(
    await (
      await fetch(await serve((_request, response) => response.end('ok')).then((other) => `http://127.0.0.1:${other}`))
    ).text(),
  ).toBe('ok');
  expect(calls).toBe(0);
});

test('while nothing is up, a person reads when to come back, and the log says nothing', async () => {
  const { get, lines } = await open({ turn: () => Promise.reject(new NotUp('ingest is not up')) });
  const answer = await get();
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(head).toMatch(/^HTTP\/1\.1 503 /);
  expect(head).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/i);
  expect(head).toMatch(/\r\nretry-after: 2\r\n/i);
  expect(head).toMatch(/\r\nconnection: close/i);
  expect(head).toContain(`\r\ncontent-length: ${body.length}\r\n`);
  expect(JSON.parse(body)).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'Come back later.',
  });
  expect(lines).toEqual([]);
});

test('a function that fails before it answers is a 503, and is logged without the address that was asked for', async () => {
  const { get, lines, state } = await open({ behind: (request) => request.socket.destroy() });
  expect(await get('/private?mail=ada@example.com')).toMatch(/^HTTP\/1\.1 503 /);
  expect(lines).toEqual([expect.stringMatching(/^router: GET to ingest failed: .*(hang up|ECONNRESET)/)]);
  expect(lines.join()).not.toMatch(/private|ada/);
  await eventually(() => expect(state.returned).toBe(1));
});

test('a function that breaks off in the middle of its answer breaks off the answer to the client, which can tell', async () => {
  const { get, state } = await open({
    behind: (_request, response) => response.writeHead(200, { 'content-length': '9' }).write('half', () => response.destroy()),
  });
  const answer = await get();
  expect(answer).not.toMatch(/ 503 /);
  expect(answer.endsWith('half') || answer.startsWith('broken')).toBe(true);
  await eventually(() => expect(state.returned).toBe(1));
});

test.each<[string, Options, number]>([
  ['the function refuses', { behind: (_request, response) => response.writeHead(413).end('no') }, 413],
  ['nothing is up', { turn: () => Promise.reject(new NotUp('x')) }, 503],
])(
  'an upload that is answered early, since %s, may drain; the connection closes after that, or after a while',
  async (_name, options, status) => {
    const ended = async (finish: (socket: Socket, clock: Awaited<ReturnType<typeof open>>['clock']) => Promise<void>) => {
      const { send, clock } = await open(options);
      const { socket, answer } = send(upload, 'begin');
      let over = false;
      void answer.then(() => (over = true));
      await eventually(() => expect(clock.pending()).toContain(limits.lingerTime));
      await clock.advance(limits.lingerTime - 1);
      expect(over).toBe(false);
      await finish(socket, clock);
      expect(await answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(clock.pending()).toEqual([]);
    };
    await ended(async (_socket, clock) => clock.advance(1));
    await ended(async (socket) => void socket.write('ended'));
  },
);

test('names in public DNS lead here only if they are listed; without a list, all do', async () => {
  const guarded = await open({ names: ['photos.example'] });
  const ask = ({ send }: typeof guarded, host: string) => send(['GET / HTTP/1.1', `host: ${host}`, 'connection: close']).answer;
  expect(await ask(guarded, 'evil.example')).toMatch(/^HTTP\/1\.1 403 [^]*not known by the name/);
  expect(guarded.picked).toEqual([]);
  expect(await ask(guarded, 'photos.example')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await ask(await open(), 'evil.example')).toMatch(/^HTTP\/1\.1 200 /);
});

test.each([
  [true, 200, 'ready'],
  [false, 503, 'starting'],
])('health tells whether everything is ready: %s, under any name', async (ready, status, word) => {
  const { send, picked } = await open({ ready, names: [] });
  const answer = await send(['GET /health/readiness HTTP/1.1', 'host: evil.example', 'connection: close']).answer;
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*application/json[^]*{"status":"${word}"}`));
  expect(picked).toEqual([]);
});

test('a body in small chunks is passed on in larger pieces', async () => {
  let pieces = 0;
  const { send } = await open({
    behind(request, response) {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        pieces += 1;
        bytes += chunk.length;
      });
      request.on('end', () => response.end(String(bytes)));
    },
  });
  const count = 5000;
  const head = ['POST / HTTP/1.1', 'host: localhost', 'connection: close', 'transfer-encoding: chunked'];
  expect(await send(head, `${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`).answer).toContain(String(count));
  expect(pieces).toBeLessThan(count / 10);
});
