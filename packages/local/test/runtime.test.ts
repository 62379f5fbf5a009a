import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { copyFixtures, makeFolder } from './folders.ts';
import { isAlive, type Ready, startMain, startReady, workersOf } from './start.ts';

const text = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).text();
const tagged = (tag: string) => ({ headers: { 'knative-serving-tag': tag } });
const soon = { timeout: 15_000, interval: 20 };

interface Collected {
  headers: Record<string, string>;
  body: string;
}

async function collected(folder: string): Promise<Collected[]> {
  const lines = await readFile(join(folder, 'events'), 'utf8').catch(() => '');
  return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Collected);
}

async function change(path: string, from: string, to: string): Promise<void> {
  const before = await readFile(path, 'utf8');
  expect(before).toContain(from);
  await writeFile(path, before.replace(from, to));
}

async function finish(runtime: Ready): Promise<number | null> {
  runtime.process.kill('SIGINT');
  return runtime.ended;
}

test('runs the whole from manifests to mailbox, and ends without a trace', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder, { PRIVATE: 'no', MAX_FILES: '7' });
  expect(await (await fetch(`${runtime.publicUrl}/health/readiness`)).json()).toEqual({ status: 'ready' });

  const environment = JSON.parse(await text(`${runtime.publicUrl}/environment`, tagged('v2'))) as Record<string, string>;
  expect(environment).toMatchObject({ K_SERVICE: 'ingest', K_REVISION: 'ingest-v2', K_SINK: runtime.brokerUrl, FILTERS: 'two', GREETING: 'hello', MAX_FILES: '7', PUBLIC_URL: runtime.publicUrl });
  expect(environment).toMatchObject({ STORE_URL: `file://${folder}/data/store`, TMPDIR: join(folder, 'data/tmp'), SMTP_URL: `smtp://127.0.0.1:${runtime.smtpPort}` });
  expect(environment['PRIVATE']).toBeUndefined();

  expect(await text(`${runtime.publicUrl}/publish`, { method: 'POST' })).toBe('202');
  await vi.waitFor(async () => {
    const events = await collected(folder);
    expect(events.map(({ headers }) => headers['ce-type']).sort()).toEqual(['dev.knative.sources.ping', 'test.finished']);
    const [ping] = events.filter(({ headers }) => headers['ce-type'] === 'dev.knative.sources.ping');
    expect([ping!.headers['ce-source'], ping!.body]).toEqual(['/apis/v1/namespaces/default/pingsources/collector', '{"idleSeconds":0}']);
  }, soon);
  expect(await (await fetch(`${runtime.inboxUrl}/api/email`)).json()).toEqual([]);

  const workers = await workersOf(runtime);
  expect(workers.length).toBe(5);
  expect(await finish(runtime)).toBe(0);
  expect(workers.filter(isAlive)).toEqual([]);
  expect(['runtime.json', 'runtime.lock'].filter((name) => existsSync(join(folder, 'data', name)))).toEqual([]);
}, 30_000);

test('takes changes of the manifests while it runs; a wrong one leaves the wiring as it was', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  const who = (tag: string) => fetch(runtime.publicUrl, tagged(tag)).then((response) => response.headers.get('x-revision'));
  const ingest = join(folder, 'config/ingest.yaml');

  await change(ingest, 'revisionName: ingest-v1, tag: v1, percent: 50', 'revisionName: ingest-v1, tag: v1, percent: 40');
  await vi.waitFor(() => expect(runtime.output()).toMatch(/stays as it was.*\n.*ingest\.yaml:\d+: Service ingest: spec\.traffic: the percentages make 90/), soon);
  expect(await who('v2')).toBe('ingest-v2');

  await change(ingest, 'tag: v2, percent: 50', 'tag: candidate, percent: 60');
  await vi.waitFor(async () => expect(await who('candidate')).toBe('ingest-v2'), soon);

  // A third revision, and the first one gone.
  await writeFile(ingest, (await readFile(ingest, 'utf8')).replaceAll('ingest-v1', 'ingest-v3').replace('value: one', 'value: three'));
  await vi.waitFor(async () => expect(await who('v1')).toBe('ingest-v3'), soon);
  await vi.waitFor(async () => expect((await workersOf(runtime)).length).toBe(5), soon);

  await change(join(folder, 'config/wiring.yaml'), 'type: test.finished', 'type: test.published');
  await vi.waitFor(async () => {
    await text(`${runtime.publicUrl}/publish`, { method: 'POST' });
    expect((await collected(folder)).some(({ headers }) => headers['ce-type'] === 'test.published')).toBe(true);
  }, soon);
  expect(await finish(runtime)).toBe(0);
}, 60_000);

test('a request waits for a function that died and is starting again', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  expect((await fetch(`${runtime.publicUrl}/crash`, tagged('v1'))).status).toBe(503);
  const answer = await fetch(runtime.publicUrl, tagged('v1'));
  expect(answer.headers.get('x-revision')).toBe('ingest-v1');
  expect(runtime.output()).toContain('ended with exit code 3; starting it again');
}, 30_000);

test('a runtime that is killed takes its functions along', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  const workers = await workersOf(runtime);
  expect(workers.length).toBe(5);
  runtime.process.kill('SIGKILL');
  await vi.waitFor(() => expect(workers.filter(isAlive)).toEqual([]), soon);
  // And its lock is taken over.
  expect(await finish(await startReady(folder))).toBe(0);
}, 60_000);

test('a second one for the same folder is refused, and leaves the first alone', async () => {
  const folder = await copyFixtures();
  const first = await startReady(folder);
  const second = startMain({ CONFIG_DIR: join(folder, 'config'), FUNCTIONS_DIR: join(folder, 'functions'), DATA_DIR: join(folder, 'data') });
  expect(await second.ended).toBe(1);
  expect(second.output()).toBe(`The data folder ${folder}/data is in use by another Darkroom (process ${first.process.pid}). Stop it, or choose another folder with DATA_DIR.\n`);
  expect((await fetch(`${first.publicUrl}/health/readiness`)).status).toBe(200);
}, 30_000);

test.each(['PORT', 'SMTP_PORT', 'INBOX_PORT'])('%s that is taken: one sentence, and nothing is left behind', async (setting) => {
  const folder = await copyFixtures();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const started = startMain({ CONFIG_DIR: join(folder, 'config'), FUNCTIONS_DIR: join(folder, 'functions'), DATA_DIR: join(folder, 'data'), [setting]: String(port) });
  expect(await started.ended).toBe(1);
  expect(started.output()).toBe(`Port ${port} is taken by another program. Stop it, or choose another: ${setting}=${port + 1} npm start\n`);
  expect(existsSync(join(folder, 'data/runtime.lock'))).toBe(false);
});

test('settings that are wrong are told all at once', async () => {
  const started = startMain({ PORT: 'http', SMTP_PORT: '70000', SMTP_URL: 'mail' });
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/^Settings are wrong: PORT: .*; SMTP_PORT: .*; SMTP_URL: .*\n$/);
});

test('a function that does not start is told with its last words', async () => {
  const folder = await copyFixtures();
  await writeFile(join(folder, 'functions/stage/dist/index.mjs'), "throw new Error('out of paper');");
  const started = startMain({ CONFIG_DIR: join(folder, 'config'), FUNCTIONS_DIR: join(folder, 'functions'), DATA_DIR: join(folder, 'data') });
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/\nstage ended with exit code 1 before it was ready, 3 times in a row\.\n[^]*out of paper/);
}, 30_000);

test('a data folder that cannot be written is told in a sentence', async () => {
  const folder = await copyFixtures();
  const started = startMain({ CONFIG_DIR: join(folder, 'config'), FUNCTIONS_DIR: join(folder, 'functions'), DATA_DIR: join(await makeFolder({ file: '' }), 'file/data') });
  expect(await started.ended).toBe(1);
  expect(started.output()).toMatch(/^The data folder \S+ cannot be written\. Choose another with DATA_DIR\.\n$/);
});
