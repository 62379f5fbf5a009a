import { once } from 'node:events';
import { createServer as createBroker, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Store } from '@darkroom/shared/store';
import { keys } from '@darkroom/shared/job/keys';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, type Receipt, spools, until } from './support.ts';

let jpeg: Buffer;
beforeAll(async () => {
  jpeg = await photo('jpeg');
});

let bench: ServerBench;
const portOf = ({ ingest }: ServerBench) => Number(new URL(ingest.url).port);
const form = () => formOf(['email', 'a@example.org'], ['file', { name: 'a.jpg', bytes: jpeg }]);
const post = () => fetch(bench.ingest.url, { method: 'POST', body: form() });

/** Everything that comes back over a connection on which this is sent. */
function exchange(...sent: (string | Buffer)[]): { socket: Socket; answers: Promise<string> } {
  const socket = connect(portOf(bench), '127.0.0.1');
  const answers = text(socket);
  for (const each of sent) socket.write(each);
  return { socket, answers };
}

describe('connections', () => {
  beforeEach(async () => {
    bench = await openServer({ MIN_UPLOAD_RATE: '100' });
  });
  afterEach(() => bench.close());

  test('headers must come within 20 s, and whoever neither sends nor reads has two minutes; nothing else is limited', () =>
    expect(bench.app.server).toMatchObject({ headersTimeout: 20_000, timeout: 120_000, requestTimeout: 0 }));

  test.each([
    ['something other than HTTP', 'Hello!\r\n\r\n', 400, /not valid HTTP/],
    [
      'headers of 20 KB',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      /headers of the request are too large/,
    ],
    [
      'an Accept-Language of 100 KB',
      `POST / HTTP/1.1\r\nhost: x\r\naccept-language: ${'de,'.repeat(33_000)}\r\n\r\n`,
      431,
      /headers of the request are too large/,
    ],
  ])('the sender of %s is told so, in the same form as everyone else', async (_what, sent, status, detail) => {
    const [head, body] = (await exchange(sent).answers).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w`));
    expect(head).toMatch(/x-darkroom-revision: ingest-v2/);
    expect(head).toMatch(/content-type: application\/problem\+json/);
    expect(head).toMatch(/^connection: close$/m);
    expect(head!.split('\r\n')).toHaveLength(5);
    expect(head).toContain(`content-length: ${Buffer.byteLength(body!)}`);
    expect(JSON.parse(body!)).toMatchObject({ status, detail: expect.stringMatching(detail) });
  });

  test('headers that never end are told so', async () => {
    const { answers } = exchange('GET / HTTP/1.1\r\nhost: x\r\n');
    const [socket] = (await once(bench.app.server, 'connection')) as [Socket];
    bench.app.server.emit('clientError', Object.assign(new Error('timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
    expect(await answers).toMatch(/^HTTP\/1.1 408 Request Timeout[^]*took too long to arrive/);
  });

  test('a connection that was reset gets no answer', async () => {
    const { answers } = exchange('GET / HTTP/1.1\r\nhost: x\r\n');
    const [socket] = (await once(bench.app.server, 'connection')) as [Socket];
    bench.app.server.emit('clientError', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), socket);
    expect(await answers).toBe('');
    expect(socket.destroyed).toBe(true);
  });

  test('an upload that comes too slowly is told so, and leaves nothing', async () => {
    const { answers } = exchange(
      'POST /?email=a@example.org HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 5000\r\n\r\n',
      Buffer.alloc(1000),
    );
    await until(async () => (await spools(bench.lab)).length === 1);
    await bench.clock.advance(30_000);
    expect(await answers).toMatch(/^HTTP\/1.1 408 [^]*took too long to arrive/);
    await until(async () => (await bench.left()).length === 0);
  });

  test('nor can its sender hold the connection open', async () => {
    const socket = connect({ port: portOf(bench), host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
    socket.write('POST /?email=a@example.org HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 5000\r\n\r\n');
    const [own] = (await once(bench.app.server, 'connection')) as [Socket];
    await until(async () => (await spools(bench.lab)).length === 1);
    await bench.clock.advance(30_000);
    await until(() => own.destroyed);
    await until(async () => (await bench.left()).length === 0);
    socket.destroy();
  });

  test('a request that has been answered is not watched any more', async () => {
    const { socket, answers } = exchange('GET /health/liveness HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'readable');
    await bench.clock.advance(300_000);
    socket.end('GET /health/readiness HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await answers).toMatch(/OK[^]*HTTP\/1.1 200 OK[^]*OK$/);
  });

  test('a client that sends far too much reads the answer, and may go on', async () => {
    const { socket, answers } = exchange(
      'POST /?email=a@example.org HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 3000000\r\n\r\n',
      Buffer.alloc(3_000_000),
    );
    socket.write('GET /health/liveness HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await answers).toMatch(/^HTTP\/1\.1 413 [^]*larger than[^]*HTTP\/1\.1 200 OK[^]*OK$/);
    expect(await bench.left()).toEqual([]);
  });

  test('a refusal comes at once, and the connection stays until all has been sent, even if it is to be closed', async () => {
    const socket = connect(portOf(bench), '127.0.0.1').setEncoding('utf8');
    let [answer, fault] = ['', undefined as unknown];
    socket.on('data', (more: string) => (answer += more)).on('error', (error) => (fault = error));
    socket.write(
      'POST / HTTP/1.1\r\nhost: x\r\nsec-fetch-site: cross-site\r\nconnection: close\r\ncontent-length: 3000000\r\n\r\n',
    );
    await until(() => answer.endsWith('}'));
    const closed = once(socket, 'close');
    for (let sent = 0; sent < 30 && !socket.destroyed; sent += 1)
      if (!socket.write(Buffer.alloc(100_000))) await Promise.race([once(socket, 'drain'), closed]);
    await closed;
    expect([fault, answer]).toEqual([undefined, expect.stringMatching(/^HTTP\/1.1 403 [^]*another website/)]);
  });

  test('while it stops, a request that has begun is still answered, and its connection closed', async () => {
    const { socket, answers } = exchange('GET /health/liveness HTTP/1.1\r\n');
    const [own] = (await once(bench.app.server, 'connection')) as [Socket];
    await until(() => own.bytesRead > 0);
    const stopped = bench.ingest.stop();
    socket.write('host: x\r\n\r\n');
    expect(await answers).toMatch(/^HTTP\/1.1 200 OK[^]*connection: close/i);
    await stopped;
  });
});

describe('places', () => {
  beforeEach(async () => {
    bench = await openServer({ MAX_DOWNLOADS: '2' });
  });
  afterEach(() => bench.close());

  test('a download whose client has gone holds none, nor does one that waits behind it', async () => {
    const { job } = await bench.lab.accept();
    const path = `/jobs/${job}/archive.zip`;
    await bench.lab.store.write(keys.archive(job), Buffer.alloc(30_000_000));
    const get = async () => {
      const response = await fetch(bench.ingest.url + path);
      await response.body?.cancel();
      return response.status;
    };
    // On one connection the second answer comes after the first, which nobody reads.
    const socket = connect(portOf(bench), '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(2));
    await until(async () => (await get()) === 503);
    // That is no fault of ours.
    expect(bench.ingest.output()).toContain('refused method=GET route="/jobs/:job/*" status=503');
    expect(bench.ingest.output()).not.toContain('failed');
    socket.destroy();
    await until(async () => (await get()) === 200);
    const both = [await fetch(bench.ingest.url + path), await fetch(bench.ingest.url + path)];
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    for (const { body } of both) await body?.cancel();
  });
});

describe('a store that fails', () => {
  let failing: Partial<Record<keyof Store, string>>;
  /** Fails for a key that contains this text. */
  const through = (store: Store): Store => ({
    ...store,
    async write(key, content) {
      if (failing.write && key.includes(failing.write)) throw Object.assign(new Error('secret path'), { code: 'EIO' });
      return store.write(key, content);
    },
    async stat(key) {
      if (failing.stat && key.includes(failing.stat)) throw Object.assign(new Error('secret path'), { code: 'ENOSPC' });
      return store.stat(key);
    },
  });
  beforeAll(async () => {
    bench = await openServer({ ADDRESS_JOBS: '1' }, through);
  });
  beforeEach(() => {
    failing = {};
  });
  afterAll(() => bench.close());

  test('is a 503 that says when to try again, and gives the place in the quota back', async () => {
    failing = { write: 'open/' };
    const response = await post();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.text()).not.toContain('secret');
    expect(bench.ingest.output()).toMatch(/failed method=POST route=\/ status=503 error=.*secret path/);
    expect(await bench.left()).toEqual([]);
    failing = {};
    expect((await post()).status).toBe(202);
  });

  test('is a 507 if it is full', async () => {
    failing = { stat: 'archive' };
    const { job } = await bench.lab.accept();
    const response = await fetch(`${bench.ingest.url}/jobs/${job}/archive.zip`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([507, '60']);
    expect(await response.json()).toMatchObject({ title: 'Insufficient Storage', instance: `/jobs/${job}/archive.zip` });
  });
});

describe('waiting', () => {
  beforeEach(async () => {
    bench = await openServer({ MAX_WAITS: '1' });
  });
  afterEach(() => bench.close());
  const wait = (seconds: string) => {
    const answer = { status: 0 };
    const body = formOf(['email', 'a@example.org'], ['wait', seconds], ['file', { name: 'a.jpg', bytes: jpeg }]);
    void fetch(bench.ingest.url, { method: 'POST', body }).then(
      ({ status }) => (answer.status = status),
      () => {},
    );
    return answer;
  };
  const opened = (count: number) =>
    until(async () => (await bench.lab.keys()).filter((key) => key.startsWith('open/')).length === count);

  test('an answer waits as long as was asked for, and no longer', async () => {
    const answer = wait('10');
    await opened(1);
    await until(() => bench.events.length === 1);
    await bench.clock.advance(9_999);
    expect(answer.status).toBe(0);
    await bench.clock.advance(1);
    await until(() => answer.status === 202);
    // Its place is free again; a third finds it taken, and is answered at once.
    const second = wait('10');
    await opened(2);
    await until(() => bench.events.length === 2);
    const third = wait('10');
    await until(() => third.status === 202);
    expect(second.status).toBe(0);
    await bench.clock.advance(10_000);
    await until(() => second.status === 202);
  });
});

test('the answer to a form is a redirect for a browser, and JSON for a program', async () => {
  bench = await openServer();
  const send = async (accept: string) => {
    const response = await fetch(bench.ingest.url, { method: 'POST', body: form(), headers: { accept }, redirect: 'manual' });
    return response.status;
  };
  expect([await send('text/html'), await send('text/html, application/json'), await send('*/*')]).toEqual([303, 202, 202]);
  const response = await post();
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(((await response.json()) as Receipt).job).toBeDefined();
  await bench.close();
});

describe('downloads', () => {
  const presigned: unknown[] = [];
  let vanishing = false;
  const through = (store: Store): Store => ({
    ...store,
    read: async (key, range) => (vanishing && key.includes('original') ? undefined : store.read(key, range)),
    async presign(key, download) {
      presigned.push([key, download]);
      return 'https://store.example/signed';
    },
  });
  beforeAll(async () => {
    bench = await openServer({ DOWNLOADS: 'redirect' }, through);
  });
  afterAll(() => bench.close());
  const get = (path: string) => fetch(bench.ingest.url + path, { redirect: 'manual' });

  test('come from the store itself if clients can reach it, except what is displayed', async () => {
    const { job } = await bench.lab.accept({ names: ['a.jpg'] });
    const saved = await get(`/jobs/${job}/1/original.jpg?download`);
    expect([saved.status, saved.headers.get('location')]).toEqual([307, 'https://store.example/signed']);
    expect(saved.headers.get('cache-control')).toBe('no-store');
    expect(presigned).toEqual([[`jobs/${job}/1/original.jpg`, { seconds: 300, filename: 'a.jpg', type: 'image/jpeg' }]]);
    const displayed = await get(`/jobs/${job}/1/original.jpg`);
    expect([displayed.status, (await displayed.arrayBuffer()).byteLength]).toEqual([200, jpeg.length]);
    expect((await get(`/jobs/${job}/archive.zip`)).status).toBe(404);
  });

  test('of a file that is deleted at this moment are a 404', async () => {
    const { job } = await bench.lab.accept();
    vanishing = true;
    const response = await get(`/jobs/${job}/1/original.jpg`);
    vanishing = false;
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ detail: expect.stringContaining('just been deleted') }),
    ]);
  });
});

describe('faults of our own', () => {
  afterEach(() => bench.close());

  test('are a 500 that says nothing of them, and the log does', async () => {
    bench = await openServer();
    const send = () => fetch(bench.ingest.url, { method: 'POST', body: form(), headers: { 'idempotency-key': 'k' } });
    expect((await send()).status).toBe(202);
    const claim = (await bench.lab.keys()).find((key) => key.startsWith(keys.allClaims))!;
    await bench.lab.store.write(claim, Buffer.from('{ damaged'));
    const response = await send();
    expect([response.status, await response.json()]).toEqual([
      500,
      {
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        detail: expect.stringMatching(/on our side.*Try again/),
        instance: '/',
      },
    ]);
    expect(bench.ingest.output()).toMatch(/failed method=POST route=\/ status=500 error=.*JSON/);
  });

  test('a temporary folder that is gone is a 503', async () => {
    bench = await openServer();
    process.env['TMPDIR'] = '/nowhere/at/all';
    const response = await post();
    process.env['TMPDIR'] = bench.environment['TMPDIR'];
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });

  test('a broker that is down delays nothing, and the log names the job', async () => {
    bench = await openServer({ K_SINK: 'http://127.0.0.1:1/' });
    const { job } = (await (await post()).json()) as Receipt;
    expect(bench.ingest.output()).toContain(`not published job=${job} images=1 error=`);
    expect(await bench.lab.keys()).toContain(keys.open(job));
  });
});

test('a broker that does not answer holds up a post for a second, and a stop until it answers', async () => {
  const held: ServerResponse[] = [];
  const broker = createBroker((_request, response) => void held.push(response));
  await once(broker.listen(0, '127.0.0.1'), 'listening');
  bench = await openServer({ K_SINK: `http://127.0.0.1:${(broker.address() as AddressInfo).port}/` });
  const answer = { status: 0 };
  const posted = post().then(({ status }) => (answer.status = status));
  await until(() => held.length === 1);
  await bench.clock.advance(999);
  expect(answer.status).toBe(0);
  await bench.clock.advance(1);
  expect(await posted).toBe(202);
  let ended = false;
  const stopped = bench.ingest.stop().finally(() => (ended = true));
  await until(() => !bench.app.server.listening);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  held[0]!.writeHead(202).end();
  await stopped;
  await bench.close();
  broker.close();
});

test('a page promises no ZIP file where none is made', async () => {
  bench = await openServer({ ARCHIVE: 'false', FILTERS: 'sepia' });
  expect(await (await fetch(bench.ingest.url)).text()).toContain('They come back as sepia prints.<');
  await bench.close();
});
