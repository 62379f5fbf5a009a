import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, limits, type Receipt, spools, until } from './support.ts';

let bench: ServerBench;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await bench.close();
});

interface Sender {
  client?: string;
  email?: string;
  wait?: string;
  headers?: Record<string, string>;
  url?: string;
  signal?: AbortSignal;
}

const post = ({
  client = '192.0.2.1',
  email = 'a@example.org',
  wait = '0',
  headers = {},
  url = bench.ingest.url,
  ...rest
}: Sender = {}) =>
  fetch(url, {
    ...rest,
    method: 'POST',
    headers: { 'x-forwarded-for': client, ...headers },
    body: formOf(['email', email], ['wait', wait], ['file', { name: 'a.jpg', bytes: jpeg }]),
  });

/** Sends something and leaves the connection open. */
async function open(bytes: string | Buffer): Promise<Socket> {
  const socket = connect(Number(new URL(bench.ingest.url).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(bytes);
  return socket;
}

const halfAnUpload = (client: string, bytes = 20_000) =>
  Buffer.concat([
    Buffer.from(
      `POST /?email=a@example.org HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${client}\r\ncontent-type: image/jpeg\r\ncontent-length: 50000\r\n\r\n`,
    ),
    Buffer.alloc(bytes),
  ]);

async function expectBusy(response: Response, status: number, detail: RegExp) {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('problem+json');
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(((await response.json()) as { detail: string }).detail).toMatch(detail);
}

test('stalled uploads hold up only their own sender, however many there are', async () => {
  bench = await openServer({ CLIENT_REQUESTS: '8' });
  for (let count = 0; count < 40; count += 1) await open(halfAnUpload('192.0.2.66'));
  await until(async () => (await spools(bench.lab)).length === 8);
  await expectBusy(await post({ client: '192.0.2.66' }), 429, /You have 8 posts under way/);
  expect((await post()).status).toBe(202);
  expect((await fetch(bench.ingest.url)).status).toBe(200);
  expect((await fetch(`${bench.ingest.url}/health/readiness`)).status).toBe(200);
  for (const socket of sockets.splice(0)) socket.destroy();
  await until(async () => (await post({ client: '192.0.2.66' })).status === 202);
});

test('readers that read nothing hold up only their own downloads', async () => {
  bench = await openServer({ CLIENT_REQUESTS: '4' });
  const { job } = await bench.lab.accept();
  const file = `/jobs/${job}/archive.zip`;
  await bench.lab.store.write(file.slice(1), Buffer.alloc(30_000_000));
  for (let count = 0; count < 4; count += 1) {
    const socket = await open(`GET ${file} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.66\r\n\r\n`);
    await once(socket, 'readable');
  }
  const get = (client: string) => fetch(bench.ingest.url + file, { headers: { 'x-forwarded-for': client } });
  await expectBusy(await get('192.0.2.66'), 429, /4 downloads under way/);
  const other = await get('192.0.2.1');
  expect((await other.arrayBuffer()).byteLength).toBe(30_000_000);
  expect((await post({ client: '192.0.2.66' })).status).toBe(202);
  expect((await fetch(`${bench.ingest.url}/jobs/${job}`, { headers: { 'x-forwarded-for': '192.0.2.66' } })).status).toBe(200);
});

test('with all places taken the answer is 503, and a place that becomes free is given away', async () => {
  bench = await openServer({ MAX_UPLOADS: '1' });
  const socket = await open(halfAnUpload('192.0.2.66'));
  await until(async () => (await spools(bench.lab)).length === 1);
  await expectBusy(await post(), 503, /too many posts/);
  socket.destroy();
  await until(async () => (await post()).status === 202);
});

test('a waiting request takes no upload place; with too many waiting, the answer comes at once', async () => {
  bench = await openServer({ MAX_UPLOADS: '1', MAX_WAITS: '1' });
  let answered = false;
  const waiting = post({ wait: '30' }).finally(() => (answered = true));
  await until(async () => (await bench.lab.keys()).some((key) => key.startsWith('open/')));
  await until(async () => (await post({ wait: '30' })).status === 202);
  expect(answered).toBe(false);
  await bench.ingest.stop();
  const { status, headers } = await waiting;
  expect([status, headers.get('connection')]).toEqual([202, 'close']);
});

test('when a request is over, or its sender has gone, nothing waits for it any more', async () => {
  bench = await openServer();
  expect((await post()).status).toBe(202);
  await until(() => bench.clock.sleepers() === 0);
  const gone = new AbortController();
  const waiting = post({ wait: '30', signal: gone.signal }).catch(() => {});
  await until(() => bench.events.length === 2 && bench.clock.sleepers() > 0);
  gone.abort();
  await waiting;
  await until(() => bench.clock.sleepers() === 0);
});

test('an upload that was cut off has cleared away its photos before the end', async () => {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  bench = await openServer({}, (store) => ({
    ...store,
    async writeOnce(key, content) {
      await held;
      return store.writeOnce(key, content);
    },
  }));
  const gone = new AbortController();
  const cut = post({ signal: gone.signal }).catch(() => {});
  await until(async () => (await spools(bench.lab)).length === 1);
  gone.abort();
  await cut;
  bench.app.server.closeAllConnections();
  let ended = false;
  const stopped = bench.ingest.stop().finally(() => (ended = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((wake) => setImmediate(wake));
  expect(ended).toBe(false);
  resolve();
  await stopped;
  expect(await spools(bench.lab)).toEqual([]);
});

test('posts per client and minute are limited, and the nearest proxy says who the client is', async () => {
  bench = await openServer({ CLIENT_POSTS: '2' });
  expect((await post({ client: '192.0.2.66' })).status).toBe(202);
  expect((await post({ client: '198.51.100.1, 192.0.2.66' })).status).toBe(202);
  await expectBusy(await post({ client: '198.51.100.2, 192.0.2.66' }), 429, /one sender may send in a minute/);
  expect((await post({ client: '192.0.2.66, 192.0.2.1' })).status).toBe(202);
});

test('bytes per client and minute are limited; a post under way is finished', async () => {
  bench = await openServer({ CLIENT_BYTES: '10' });
  expect((await post()).status).toBe(202);
  await expectBusy(await post(), 429, /in a minute/);
  expect((await post({ client: '192.0.2.2' })).status).toBe(202);
});

test('without trusted proxies no clients are told apart', async () => {
  bench = await openServer({ TRUSTED_PROXIES: '', CLIENT_POSTS: '1' });
  expect([(await post()).status, (await post()).status]).toEqual([202, 202]);
});

test('jobs per address and hour are limited over all processes; a repeated post counts once', async () => {
  bench = await openServer({ ADDRESS_JOBS: '3' });
  const other = await openServer({ ...bench.environment, FILTERS: 'grayscale', K_REVISION: 'ingest-v1' });
  try {
    const victim = { email: 'victim@example.org' };
    const keyed = { ...victim, headers: { 'idempotency-key': 'one' } };
    const receipts = (await Promise.all([post(keyed), post(keyed)].map(async (answer) => (await answer).json()))) as Receipt[];
    expect(new Set(receipts.map(({ job }) => job)).size).toBe(1);
    const used = (await bench.lab.keys()).filter((key) => key.startsWith('quota/')).length;
    for (let count = used; count < 3; count += 1) expect((await post({ ...victim, url: other.ingest.url })).status).toBe(202);
    await expectBusy(await post(victim), 429, /3 jobs this hour/);
    await expectBusy(await post({ email: 'Victim+1@Example.org', url: other.ingest.url }), 429, /this hour/);
    expect((await post(keyed)).status).toBe(202);
    expect((await post({ email: 'somebody@example.org' })).status).toBe(202);
    expect((await bench.lab.keys()).join()).not.toContain('victim');
  } finally {
    await other.close();
  }
});

test('a job that could not be stored gives its place back', async () => {
  bench = await openServer({ ADDRESS_JOBS: '1' });
  const { job } = (await (await post()).json()) as Receipt;
  expect(job).toBeDefined();
  expect((await post()).status).toBe(429);
  expect((await post({ email: 'b@example.org', headers: { 'idempotency-key': 'two words' } })).status).toBe(400);
  expect((await post({ email: 'b@example.org' })).status).toBe(202);
});

test('bytes on disk are limited over all uploads', async () => {
  bench = await openServer({ MAX_SPOOL_BYTES: '30000' });
  const socket = await open(halfAnUpload('192.0.2.66', 29_900));
  await until(async () => (await spools(bench.lab)).length === 1);
  await until(async () => {
    const answer = await post();
    if (answer.status !== 202) await expectBusy(answer, 503, /Too many photos are on their way/);
    return answer.status === 503;
  });
  socket.destroy();
  await until(async () => (await post()).status === 202);
});

test('a refusal reaches a client that then closes, whatever is still being sent', async () => {
  bench = await openServer();
  const size = limits.MAX_FILE_BYTES + 20_000_000;
  const socket = await open(
    `POST /?email=a@b.org HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: image/jpeg\r\ncontent-length: ${size}\r\n\r\n`,
  );
  const answer = text(socket);
  for (let sent = 0; sent < size && !socket.destroyed; sent += 100_000) {
    if (!socket.write(Buffer.alloc(Math.min(100_000, size - sent))))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  }
  expect(await answer).toMatch(/^HTTP\/1\.1 413 [^]*larger than/i);
});

test.each([
  ['a form of another website', { origin: 'https://evil.example' }, 403],
  ['a page that hides where it is', { origin: 'null' }, 403],
  ['a page of another website, as the browser says', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a page of a neighbouring site', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }, 403],
  ['a website that is allowed', { 'sec-fetch-site': 'cross-site', origin: 'https://shop.example.com' }, 202],
  ['its own page', { 'sec-fetch-site': 'same-origin' }, 202],
  ['a program', {}, 202],
])('%s', async (_who, headers, status) => {
  bench = await openServer({ ALLOWED_ORIGINS: 'https://shop.example.com' });
  expect((await post({ headers })).status).toBe(status);
  const { job } = await bench.lab.accept();
  // Whatever can be seen, may be shown and linked from anywhere.
  expect((await fetch(`${bench.ingest.url}/jobs/${job}`, { headers })).status).toBe(200);
  const remove = () => fetch(`${bench.ingest.url}/jobs/${job}`, { method: 'DELETE', headers });
  expect((await remove()).status).toBe(status === 202 ? 204 : 403);
});
