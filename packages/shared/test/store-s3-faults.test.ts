import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '@darkroom/shared/clock';
import { explain } from '@darkroom/shared/errors';
import type { Store } from '@darkroom/shared/store';
import { answer, drop, openScripted, type ScriptedStore, type ScriptedAnswer } from './store-s3-script.ts';

let scripted: ScriptedStore;
let store: Store;
beforeEach(async () => {
  scripted = await openScripted();
  store = scripted.store;
});
afterEach(() => scripted.close());

const bytes = Buffer.from('some bytes');

test.each([
  ['a lost connection', () => drop],
  ['silence', () => scripted.stall],
  ['SlowDown', () => answer(503, 'SlowDown')],
  ['too many requests', () => answer(429, 'TooManyRequests')],
  ['an error of the server', () => answer(500, 'InternalError')],
  ['a conflict with a removal', () => answer(409, 'ConditionalRequestConflict')],
  ['a slow upload', () => answer(400, 'RequestTimeout')],
])('%s is transient: the request is sent again, with its whole body', async (_name, fault) => {
  let received = {};
  scripted.turns = [
    fault(),
    fault(),
    ({ headers }, response, body) => ((received = { body, length: headers['content-length'] }), void response.end()),
  ];
  await store.write('key', bytes);
  expect(received).toEqual({ body: 'some bytes', length: '10' });
  expect(scripted.requests).toEqual(Array(3).fill('PUT /photos/key'));
});

test('a file is reopened for each attempt, and closed afterwards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const file = join(folder, 'large');
  await writeFile(file, 'x'.repeat(3_000_000));
  const openFiles = async () => (await readdir('/proc/self/fd')).length;
  const before = process.platform === 'linux' ? await openFiles() : 0;
  let received = 0;
  scripted.turns = [drop, scripted.stall, (_request, response, body) => ((received = body.length), void response.end())];
  await store.write('key', { file });
  expect(received).toBe(3_000_000);
  scripted.hangUp();
  if (process.platform === 'linux') await expect.poll(openFiles).toBeLessThanOrEqual(before + 1);
  await rm(folder, { recursive: true });
});

test('a kept connection that the server has closed meanwhile is replaced by a new one', async () => {
  const sockets: unknown[] = [];
  const noted =
    (turn: ScriptedAnswer): ScriptedAnswer =>
    (request, ...rest) => (sockets.push(request.socket), turn(request, ...rest));
  scripted.turns = [answer(200), drop, answer(200)].map(noted);
  await store.write('key', bytes);
  await store.write('key', bytes);
  expect(sockets[1]).toBe(sockets[0]);
  expect(sockets[2]).not.toBe(sockets[0]);
});

test.runIf(process.platform === 'linux')('a file whose size is not what the system said is not sent', async () => {
  // The system says that it has 0 bytes.
  const error = await store.write('key', { file: '/proc/version' }).catch((caught: unknown) => caught);
  expect(explain(error)).toContain('The file did not hold 0 bytes');
});

test.each([
  [answer(403, 'AccessDenied'), 'S3 answered 403 AccessDenied to PUT key'],
  [answer(501, 'NotImplemented'), 'S3 answered 501 NotImplemented to PUT key'],
  [
    answer(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }),
    'S3 answered 301 PermanentRedirect to PUT key (the bucket is in eu-west-1)',
  ],
  [
    answer(307, '', { location: '/elsewhere' }),
    'S3 answered 307 to PUT key (the bucket is in another region, or the endpoint is not that of S3)',
  ],
  [answer(400, 'InvalidRequest', { 'x-amz-request-id': 'R1' }), 'S3 answered 400 InvalidRequest to PUT key (request R1)'],
  [
    answer(400, 'AuthorizationHeaderMalformed', { 'x-amz-request-id': 'R1', 'x-amz-bucket-region': 'eu-west-1' }),
    'S3 answered 400 AuthorizationHeaderMalformed to PUT key (the bucket is in eu-west-1, request R1)',
  ],
  [answer(501, 'NotImplemented', { 'x-amz-bucket-region': 'here' }), 'S3 answered 501 NotImplemented to PUT key'],
])('a permanent fault is reported at once: %#', async (fault, message) => {
  scripted.turns = [fault];
  const error = await store.write('key', bytes).catch((caught: unknown) => caught);
  expect(explain(error)).toBe(message);
  expect(explain(error)).not.toMatch(/the-id|top-secret/);
  expect(scripted.requests).toHaveLength(1);
});

test('a presigned URL says what anybody may download, and for how long, with spaces that every server reads alike', async () => {
  const url = await store.presign!('archive.zip', { seconds: 60, filename: 'my prints.zip', type: 'application/zip' });
  expect(url).toMatch(/\/photos\/archive\.zip\?/);
  expect(url).not.toContain('+');
  expect(url).not.toContain('top-secret');
  const query = new URL(url).searchParams;
  expect(query.get('X-Amz-Expires')).toBe('60');
  expect(query.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  expect(query.get('response-content-disposition')).toContain('my prints.zip');
  expect(scripted.requests).toEqual([]);
});

test('the error for a bucket elsewhere names its region', async () => {
  scripted.turns = [answer(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1', location: '/elsewhere' })];
  await expect(store.read('key')).rejects.toThrow('S3 answered 301 PermanentRedirect to GET key (the bucket is in eu-west-1)');
  expect(scripted.requests).toHaveLength(1);
});

test('after three attempts it gives up, and says why', async () => {
  scripted.turns = [drop, drop, drop];
  await expect(store.stat('key')).rejects.toThrow('S3 did not answer HEAD key');
  scripted.turns = Array<ScriptedAnswer>(3).fill(scripted.stall);
  expect(explain(await store.stat('key').catch((error: unknown) => error))).toContain('Nothing moved for 30 s');
  scripted.turns = [answer(503), answer(503), answer(503)];
  await expect(store.stat('key')).rejects.toThrow('S3 answered 503 to HEAD key');
  expect(scripted.requests).toHaveLength(9);
});

test('each wait is up to twice as long as the one before, at random, and at least half of that', async () => {
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    // Only a silence can be called off.
    sleep: async (ms, signal) => (signal ? systemClock.sleep(ms, signal) : void waits.push(ms)),
  };
  const patient = await openScripted({ attempts: 5, backOff: 100, clock });
  patient.turns = Array<ScriptedAnswer>(5).fill(drop);
  await expect(patient.store.stat('key')).rejects.toThrow('S3 did not answer HEAD key');
  await patient.close();
  expect(waits).toHaveLength(4);
  for (const [index, most] of [100, 200, 400, 800].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(most / 2);
    expect(waits[index]).toBeLessThanOrEqual(most);
  }
  expect(new Set(waits.map((ms, index) => ms / 2 ** index)).size).toBe(4);
});

test('a writer that never heard of its success recognises its own work', async () => {
  let mark = '';
  const unheard: ScriptedAnswer = (request, response) => (
    (mark = String(request.headers['x-amz-meta-writer'])),
    void response.destroy()
  );
  const present: ScriptedAnswer = (_request, response) => void response.writeHead(200, { 'x-amz-meta-writer': mark }).end();
  scripted.turns = [unheard, answer(412, 'PreconditionFailed'), present];
  expect(await store.writeOnce('key', bytes)).toBe(true);
  mark = 'another';
  scripted.turns = [answer(412, 'PreconditionFailed'), present];
  expect(await store.writeOnce('key', bytes)).toBe(false);
});
