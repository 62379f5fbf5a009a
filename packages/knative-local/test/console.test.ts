import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WrittenCharts } from '../src/charts/description.ts';
import type { ChartsView } from '../src/charts/view.ts';
import type { DeadLetterView, TopologyView } from '../src/console/view.ts';
import type { EventRecord, EventSummary } from '../src/journal/record.ts';
import { startRuntime } from '../src/runtime.ts';
import { eventually } from './broker-suite/subject.ts';
import { type Answer, type Asked, createConsoleClient } from './console-client.ts';
import { asked, fixtures } from './folders.ts';

/** A runtime with real functions, and its console as the page uses it. */
let folder: string;
let runtime: ReturnType<typeof startRuntime>;
let url: string;
let publicUrl: string;
let ask: (asked: Asked) => Promise<Answer>;
const letter: DeadLetterView = { name: 'one', type: 'test.published', subscriber: 'stage', reason: '500', at: 1 };
let kept = [letter];
/** Of what the runtime itself measures. */
const charts: WrittenCharts = {
  window: 300,
  rows: [
    {
      title: 'Events',
      charts: [
        {
          title: 'Accepted',
          description: 'By type.',
          look: 'figures',
          measure: { growth: { counters: ['knative_local_events_accepted_total'] } },
          by: ['cloudevents_type'],
          legend: '{{cloudevents_type}}',
        },
      ],
    },
  ],
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'knative-local-console-'));
  await cp(fixtures, folder, { recursive: true });
  await writeFile(join(folder, 'charts.json'), JSON.stringify(charts));
  runtime = startRuntime({
    ...asked,
    config: [join(folder, 'config')],
    functions: join(folder, 'functions'),
    host: '127.0.0.1',
    port: 0,
    data: join(folder, 'data'),
    anotherPort: String,
    unavailable: 'Starting.',
    metrics: { port: 0, anotherPort: String },
    charts: join(folder, 'charts.json'),
    correlation: 'order',
    deadLetters: {
      list: async () => kept,
      async replay(name, publish) {
        if (!kept.some((each) => each.name === name)) return false;
        const attributes = { specversion: '1.0', id: 'replayed', source: '/test', type: 'test.published' };
        publish('default', { attributes: new Map(Object.entries(attributes)), data: Buffer.alloc(0) });
        kept = kept.filter((each) => each.name !== name);
        return true;
      },
    },
    environment: () => ({ OUTPUT: join(folder, 'events') }),
    log: () => undefined,
  });
  const started = await runtime.started;
  url = started.consoleUrl!;
  publicUrl = `http://127.0.0.1:${started.port}`;
  ask = createConsoleClient(url);
});
afterAll(async () => {
  await runtime.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = async <Content>(path: string) => (await ask({ path: `/api/${path}` })).content as Content;
const topology = () => get<TopologyView>('topology');
const publish = (attributes: Record<string, string>, data = '') =>
  ask({ method: 'POST', path: '/api/events', body: { broker: 'default', attributes, data } });
const find = (id: string) => get<EventSummary[]>(`events?name=id&value=${encodeURIComponent(id)}`);
const processesOf = async (service: string) =>
  (await topology()).services.find(({ name }) => name === service)!.revisions.flatMap(({ processes }) => processes);

test('shows the wiring in effect, and what runs', async () => {
  const view = await topology();
  expect(view).toMatchObject({
    correlation: 'order',
    brokers: ['default'],
    pings: [{ name: 'collector', schedule: '0 0 1 1 *', sink: { kind: 'service', name: 'collector' } }],
    triggers: [
      { name: 'stage', broker: 'default', filter: 'type = test.published', subscriber: { kind: 'service', name: 'stage' } },
      { name: 'collector', filter: 'type = test.finished' },
    ],
  });
  expect(view.services.map(({ name, url: address }) => [name, address !== undefined])).toEqual([
    ['ingest', true],
    ['collector', false],
    ['stage', false],
  ]);
  const [process] = await processesOf('stage');
  expect(process).toMatchObject({ name: 'stage', ready: true, leaving: false, restarts: 0 });
  expect(process!.memory).toBeGreaterThan(1024 * 1024);
});

test("sends one's own event, and tells its chain from first to last", async () => {
  expect((await publish({ type: 'test.published', id: 'own', order: '1' }, 'hello')).status).toBe(204);
  await eventually(async () => expect((await find('own/stage'))[0]?.deliveries[0]?.state).toBe('delivered'));
  const [own] = await find('own');
  expect(own).toMatchObject({ type: 'test.published', correlation: '1', origin: 'broker default' });
  const [last] = await find('own/stage');
  // The reply has no order, so it has a chain of replies alone.
  const chain = await get<EventRecord[]>(`events/${last!.number}/chain`);
  expect(chain.map(({ attributes, cause }) => [attributes['id'], cause?.trigger])).toEqual([
    ['own', undefined],
    ['own/stage', 'stage'],
  ]);
  // What a header cannot carry is encoded.
  await publish({ type: 'nobody.wants', id: 'odd', order: 'é\r\nb: c' });
  expect(await find('odd')).toMatchObject([{ correlation: '%C3%A9%0D%0Ab: c' }]);
  expect(chain[1]!.deliveries).toMatchObject([
    { trigger: 'collector', subscriber: 'collector', state: 'delivered', attempts: [{ status: 204 }] },
  ]);
  expect(await get(`events/${own!.number}`)).toMatchObject({
    attributes: { id: 'own', source: '/console' },
    data: { text: 'hello', bytes: 5, cut: false },
  });
});

test('sends an event once more', async () => {
  await publish({ type: 'nobody.wants', id: 'twice', order: '2' });
  const [event] = await find('twice');
  expect((await ask({ method: 'POST', path: `/api/events/${event!.number}/send` })).status).toBe(204);
  expect(await find('twice')).toHaveLength(2);
  expect(await get<EventRecord[]>(`events/${event!.number}/chain`)).toHaveLength(2);
  const [ping] = await get<EventSummary[]>('events?name=type&value=dev.knative.sources.ping');
  expect((await ask({ method: 'POST', path: `/api/events/${ping!.number}/send` })).status).toBe(409);
});

test('replays a dead letter that the project keeps, once', async () => {
  expect(await get('dead-letters')).toEqual({ kept: true, list: [letter] });
  const replay = () => ask({ method: 'POST', path: '/api/dead-letters/one/replay' });
  expect((await replay()).status).toBe(204);
  expect(await find('replayed')).toHaveLength(1);
  expect(await get('dead-letters')).toEqual({ kept: true, list: [] });
  expect((await replay()).content).toMatchObject({ status: 404, detail: expect.stringMatching(/Load the list again/) as string });
});

test('shifts traffic as kubectl would: at once, kept, and refused if it does not add up', async () => {
  const shift = (percents: unknown) => ask({ method: 'PUT', path: '/api/services/ingest/traffic', body: percents });
  expect((await shift({ 'ingest-v1': 0, 'ingest-v2': 100 })).status).toBe(204);
  for (let count = 0; count < 20; count += 1)
    expect((await fetch(publicUrl, { method: 'POST', body: '' })).headers.get('x-revision')).toBe('ingest-v2');
  const shares = async () => (await topology()).services[0]!.revisions.map(({ name, percent, tags }) => [name, percent, tags]);
  expect(await shares()).toEqual([
    ['ingest-v1', 0, ['v1']],
    ['ingest-v2', 100, ['v2']],
  ]);
  expect(await readFile(join(folder, 'data/control-plane.json'), 'utf8')).toContain('"percent": 100');
  for (const wrong of [
    { 'ingest-v1': 50 },
    { 'ingest-v3': 100 },
    { 'ingest-v2': 100.5 },
    { 'ingest-v2': -1 },
    'ingest-v2',
    [100],
    undefined,
  ]) {
    const { status, content } = await shift(wrong);
    expect([400, 422], JSON.stringify(wrong)).toContain(status);
    expect((content as { detail: string }).detail).not.toBe('');
  }
  expect((await shift({ 'ingest-v1': 40, 'ingest-v2': 60 })).status).toBe(204);
  expect((await shares()).map(([, percent]) => percent)).toEqual([40, 60]);
  expect((await ask({ method: 'PUT', path: '/api/services/nobody/traffic', body: { a: 100 } })).status).toBe(404);
  expect((await shares())[1]).toEqual(['ingest-v2', 60, ['v2']]);
});

test('kills a process, which comes back; and shows what it printed', async () => {
  const [before] = await processesOf('collector');
  expect((await ask({ method: 'POST', path: `/api/processes/${before!.id}/kill` })).status).toBe(204);
  await eventually(async () => {
    const [now] = await processesOf('collector');
    expect(now).toMatchObject({ id: before!.id, ready: true, restarts: 1, lastEnd: 'was ended by SIGKILL' });
    expect(now!.pid).not.toBe(before!.pid);
  });
  const lines = await get<{ text: string }[]>(`processes/${before!.id}/log`);
  expect(lines.map(({ text }) => text)).toContain('was ended by SIGKILL; restarting it');
});

test('draws what has been counted since the start', async () => {
  for (const id of ['first', 'second']) await publish({ type: 'nobody.counts', id });
  await eventually(async () => {
    const { rows } = await get<ChartsView>('charts?minutes=5');
    expect(rows).toMatchObject([{ title: 'Events', charts: [{ title: 'Accepted', look: 'figures', unit: 'count' }] }]);
    expect(rows[0]!.charts[0]!.series.find(({ name }) => name === 'nobody.counts')?.values).toEqual([2]);
  });
});

test('tells of what is new while somebody looks', async () => {
  const stopping = new AbortController();
  const authorization = `Bearer ${new URL(url).searchParams.get('token')}`;
  const { body, headers } = await fetch(new URL('/api/live', url), { headers: { authorization }, signal: stopping.signal });
  expect(headers.get('content-type')).toBe('text/event-stream');
  await publish({ type: 'nobody.wants', id: 'live' });
  let heard = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    heard += chunk;
    if (/event: events\ndata: \[[^\n]*"id":"live"/.test(heard) && heard.includes('event: topology\n')) break;
  }
  stopping.abort();
});

test.each<[number, Asked]>([
  [404, { path: '/api/nothing' }],
  [404, { path: '/nothing' }],
  [404, { path: '/api/events/999999' }],
  [404, { path: '/api/events/1/chain/more' }],
  [404, { path: '/api/events/__proto__' }],
  [404, { path: '/api/processes/nobody/log' }],
  [404, { path: '/../../../../etc/passwd' }],
  [400, { path: '/api/events?before=x' }],
  [400, { path: '/api/events?limit=-1' }],
  [400, { path: '/api/events?state=odd' }],
  [400, { path: '/api/charts?minutes=0' }],
  [400, { path: '/api/charts?minutes=61' }],
  [400, { path: '/%ff' }],
  [404, { method: 'POST', path: '/api/processes/nobody/kill' }],
  [404, { method: 'POST', path: '/api/events/999999/send' }],
  [404, { method: 'POST', path: '/api/nothing', body: {} }],
  [405, { method: 'DELETE', path: '/api/events' }],
  [415, { method: 'POST', path: '/api/events', headers: { 'content-type': 'text/plain' }, body: '{}' }],
  [415, { method: 'POST', path: '/api/events', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{}' }],
  [400, { method: 'POST', path: '/api/events', body: '{' }],
  [400, { method: 'POST', path: '/api/events', body: [] }],
  [400, { method: 'POST', path: '/api/events', body: { broker: 'default', attributes: { type: 1 } } }],
  [400, { method: 'POST', path: '/api/events', body: { broker: 'default', attributes: {} } }],
  [400, { method: 'POST', path: '/api/events', body: { broker: 'default', attributes: { type: 'a', 'Odd-Name': 'b' } } }],
  [400, { method: 'POST', path: '/api/events', body: { broker: 'default', attributes: { type: 'a' }, more: 1 } }],
  [404, { method: 'POST', path: '/api/events', body: { broker: 'nobody', attributes: { type: 'a' } } }],
  [413, { method: 'POST', path: '/api/events', body: `"${'x'.repeat(1024 * 1024)}"` }],
])('%i in a sentence for %j', async (status, wrong) => {
  const answer = await ask(wrong);
  expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' }, content: { status } });
  expect((answer.content as { detail: string }).detail).toMatch(/\S.*\.$/);
});

const withoutToken = { authorization: '' };
test.each<[number, string, Asked]>([
  [401, 'no token', { headers: withoutToken }],
  [401, 'no token', { path: '/api/topology', headers: withoutToken }],
  [401, 'no token', { method: 'POST', path: '/api/events', headers: withoutToken, body: {} }],
  [401, 'another token', { headers: { authorization: 'Bearer x' } }],
  [401, 'another token in the address', { path: '/?token=x', headers: withoutToken }],
  [401, 'a cookie of another console', { headers: { ...withoutToken, cookie: 'console-1=x' } }],
  [403, 'a name that an attacker has led here', { headers: { host: 'evil.example' } }],
  [403, 'such a name, with a token in the address', { path: '/?token=x', headers: { ...withoutToken, host: 'evil.example:80' } }],
  [403, 'the page of another site', { path: '/api/topology', headers: { origin: 'http://evil.example' } }],
  [403, 'the page of another site', { method: 'POST', path: '/api/events', headers: { origin: 'null' }, body: {} }],
  [403, 'the page of another port', { method: 'POST', path: '/api/events', headers: { origin: 'http://localhost:1' }, body: {} }],
  [
    403,
    'an image of another site',
    { path: '/api/topology', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
  ],
])('%i for %s: %j', async (status, _whose, wrong) => {
  const answer = await ask(wrong);
  expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined]);
});

test('the address of the banner opens the door once, and then a cookie does', async () => {
  const { pathname, search, port } = new URL(url);
  const first = await ask({ path: pathname + search, headers: withoutToken });
  expect([first.status, first.headers.location]).toEqual([303, '/']);
  const [cookie] = first.headers['set-cookie']!;
  expect(cookie).toMatch(new RegExp(`^console-${port}=[\\w-]+; Path=/; HttpOnly; SameSite=Strict$`));
  const [pair] = cookie!.split(';');
  const other = await ask({ path: '/api/topology', headers: { ...withoutToken, cookie: `a=b; ${pair}` } });
  expect(other).toMatchObject({
    status: 200,
    headers: { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' },
  });
});
