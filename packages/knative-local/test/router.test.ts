import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text as allText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { close, listen } from '../src/listen.ts';
import { gate } from '../src/process/gate.ts';
import { NotUp } from '../src/process/revision.ts';
import { choose } from '../src/process/fleet.ts';
import { createRouter } from '../src/router.ts';
import type { TrafficSpec } from '../src/manifest/topology.ts';

async function serve(listener: (...request: Parameters<RequestListener>) => unknown): Promise<string> {
  const listening = await listen(0, '127.0.0.1');
  listening.server.on('request', (...request) => void listener(...request));
  onTestFinished(() => close(listening, 0));
  return `http://127.0.0.1:${listening.port}`;
}

const named = (name: string) => serve((request, response) => void request.resume().on('end', () => response.end(name)));

/** A router before real upstreams, one for each revision. */
async function route(upstreams: Record<string, string>, traffic: TrafficSpec[], concurrency = 0, names?: string[]) {
  const gates = new Map(Object.keys(upstreams).map((name) => [name, gate(concurrency)]));
  const pick = (_service: string, tag?: string) => {
    const { revision } = choose(traffic, tag)!;
    return {
      async turn(signal?: AbortSignal) {
        const origin = upstreams[revision];
        if (!origin) throw new NotUp(revision);
        return { origin, release: await gates.get(revision)!.enter(signal) };
      },
    };
  };
  return serve(
    createRouter({
      fleet: { pick },
      service: 'ingest',
      names,
      unavailable: 'Come back later.',
      isReady: () => true,
      log: () => undefined,
    }),
  );
}

const split = [
  { revision: 'v1', tag: 'one', percent: 80 },
  { revision: 'v2', tag: 'two', percent: 20 },
  { revision: 'v3', tag: 'three', percent: 0 },
];

test('sends a tag to its revision, and everything else where traffic goes', async () => {
  const url = await route({ v1: await named('v1'), v2: await named('v2'), v3: await named('v3') }, split);
  const ask = async (tag?: string) => (await fetch(url, tag ? { headers: { 'knative-serving-tag': tag } } : {})).text();
  expect(await Promise.all([ask('one'), ask('two'), ask('three')])).toEqual(['v1', 'v2', 'v3']);
  for (const tag of [undefined, 'unknown']) expect(['v1', 'v2']).toContain(await ask(tag));
});

test('sends headers about its own connection, not the one behind it', async () => {
  const behind = await serve((_request, response) =>
    response.writeHead(200, { connection: 'keep-alive', 'keep-alive': 'timeout=72' }).end(),
  );
  const { headers } = await fetch(await route({ v1: behind }, [{ revision: 'v1', tag: 'one', percent: 100 }]));
  expect(headers.get('keep-alive')).not.toBe('timeout=72');
});

test('streams a large upload through, and keeps the host', async () => {
  const upstream = await serve(async (request, response) => {
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.end(JSON.stringify({ digest: hash.digest('hex'), headers: request.headers }));
  });
  const url = await route({ v1: upstream }, [{ revision: 'v1', percent: 100 }]);
  const body = randomBytes(30 * 1024 * 1024);
  const answer = (await (await fetch(url, { method: 'POST', body })).json()) as {
    digest: string;
    headers: Record<string, string>;
  };
  expect(answer.digest).toBe(createHash('sha256').update(body).digest('hex'));
  expect(answer.headers).toMatchObject({
    host: new URL(url).host,
    'x-forwarded-host': new URL(url).host,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  });
});

test('appends the address it saw to whatever the client claims', async () => {
  const upstream = await serve((request, response) => response.end(request.headers['x-forwarded-for']));
  const url = await route({ v1: upstream }, [{ revision: 'v1', percent: 100 }]);
  const seen = async (headers: Record<string, string>) => (await fetch(url, { headers })).text();
  expect(await seen({})).toBe('127.0.0.1');
  expect(await seen({ 'x-forwarded-for': '192.0.2.1' })).toBe('192.0.2.1, 127.0.0.1');
});

test('one-byte chunks are passed on in larger pieces', async () => {
  let pieces = 0;
  const upstream = await serve(async (request, response) => {
    // Node gives each chunk of HTTP as an event of its own.
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      pieces += 1;
      bytes += chunk.length;
    });
    request.on('end', () => response.end(String(bytes)));
  });
  const url = new URL(await route({ v1: upstream }, [{ revision: 'v1', percent: 100 }]));
  const socket = connect(Number(url.port), url.hostname);
  socket.write('POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n');
  socket.write(`${'1\r\nx\r\n'.repeat(20_000)}0\r\n\r\n`);
  expect(await allText(socket)).toContain('20000');
  expect(pieces).toBeLessThan(2_000);
});

test('holds an upload back while the function does not read', async () => {
  let upstreamRequest: IncomingMessage | undefined;
  const upstream = await serve((request, response) => {
    upstreamRequest = request.pause();
    request.on('end', () => response.end('done'));
  });
  const url = await route({ v1: upstream }, [{ revision: 'v1', percent: 100 }]);
  let produced = 0;
  const total = 64;
  const body = new ReadableStream({
    pull(controller) {
      if (produced === total) return controller.close();
      produced += 1;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  const answer = fetch(url, { method: 'POST', body, duplex: 'half' });
  await expect.poll(() => upstreamRequest).toBeDefined();
  // Once it stands still, most of it must still be with the client.
  for (let before = -1; before !== produced;) {
    before = produced;
    await sleep(200);
  }
  expect(produced).toBeLessThan(total / 2);
  upstreamRequest!.resume();
  expect(await (await answer).text()).toBe('done');
});

test('when a client leaves, its upstream request ends and the next one gets its place', async () => {
  const begun: string[] = [];
  const closed: string[] = [];
  const upstream = await serve((request, response) => {
    begun.push(request.url!);
    response.on('close', () => closed.push(request.url!));
    if (request.url !== '/hang') response.end('ok');
  });
  const url = await route({ v1: upstream }, [{ revision: 'v1', percent: 100 }], 1);
  const leaving = new AbortController();
  const hanging = fetch(`${url}/hang`, { signal: leaving.signal });
  await expect.poll(() => begun).toEqual(['/hang']);
  const next = fetch(`${url}/next`);
  leaving.abort();
  await expect(hanging).rejects.toThrow();
  expect(await (await next).text()).toBe('ok');
  await expect.poll(() => closed).toContain('/hang');
});

test('answers 503 with Retry-After for a revision that is not up', async () => {
  const url = await route({}, [{ revision: 'v1', percent: 100 }]);
  const response = await fetch(url, { method: 'POST', body: 'x' });
  expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
    503,
    'application/problem+json',
    '2',
  ]);
});

test('answers 503 if the function disconnects before it answers', async () => {
  const broken = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void broken.close());
  const address = broken.address();
  const url = await route({ v1: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` }, [
    { revision: 'v1', percent: 100 },
  ]);
  expect((await fetch(url)).status).toBe(503);
});

/** Sends bytes, and answers with all that comes back until the other side closes. */
function exchange(url: string, head: string[], body: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname);
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', (error) => resolve(`${error.message} after ${JSON.stringify(answer)}`));
    socket.on('end', () => resolve(answer));
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(body);
  });
}

test.each([
  ['of a stated length', ['content-length: 31457280'], (body: Buffer) => body],
  [
    'in chunks',
    ['transfer-encoding: chunked'],
    (body: Buffer) => Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
  ],
])('an upload %s that is refused early gets its answer, even if the connection is to be closed', async (_name, head, encode) => {
  const upstream = await serve((request, response) => {
    response.writeHead(413).end('too large');
    request.resume();
  });
  const url = await route({ v1: upstream }, [{ revision: 'v1', percent: 100 }]);
  for (let round = 0; round < 5; round += 1) {
    const lines = ['POST / HTTP/1.1', 'host: localhost', 'connection: close', ...head];
    const answer = await exchange(url, lines, encode(randomBytes(30 * 1024 * 1024)));
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n[^]*too large/i);
  }
});

test('an upload to a revision that is not up still gets its 503', async () => {
  const url = await route({}, [{ revision: 'v1', percent: 100 }]);
  const lines = ['POST / HTTP/1.1', 'host: localhost', 'connection: close', 'content-length: 31457280'];
  expect(await exchange(url, lines, randomBytes(30 * 1024 * 1024))).toMatch(/^HTTP\/1\.1 503 [^]*Come back later/);
});

test('rejects a public DNS name that is not listed', async () => {
  const url = await route({ v1: await named('v1') }, [{ revision: 'v1', percent: 100 }], 0, ['photos.example']);
  const ask = (host: string) => exchange(url, ['POST / HTTP/1.1', `host: ${host}`, 'connection: close'], Buffer.alloc(0));
  expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 403 [^]*not known by the name/);
  expect(await ask('photos.example')).toMatch(/^HTTP\/1\.1 200 [^]*v1/);
});
