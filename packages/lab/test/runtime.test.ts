import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collected, tagged, text } from '../../knative-local/test/client.ts';
import { eventually } from '../../knative-local/test/broker-suite/subject.ts';
import { copyFixtures } from './folders.ts';
import { childrenOf, isAlive } from '../../knative-local/test/processes.ts';
import { finish, startReady } from './start.ts';

test('runs everything from manifests to mailbox, and ends without a trace', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder, { PRIVATE: 'no', MAX_FILES: '7', WORKERS: '3' });
  expect(await (await fetch(`${runtime.publicUrl}/health/readiness`)).json()).toEqual({ status: 'ready' });

  const environment = JSON.parse(await text(`${runtime.publicUrl}/environment`, tagged('v2'))) as Record<string, string>;
  expect(environment).toMatchObject({
    K_SERVICE: 'ingest',
    K_REVISION: 'ingest-v2',
    K_SINK: runtime.brokerUrl,
    FILTERS: 'two',
    GREETING: 'hello',
    MAX_FILES: '7',
    WORKERS: '3',
    PUBLIC_URL: runtime.publicUrl,
  });
  expect(environment).toMatchObject({
    STORE_URL: `file://${folder}/data/store`,
    TMPDIR: join(folder, 'data/tmp/ingest-v2'),
    SMTP_URL: `smtp://127.0.0.1:${runtime.smtpPort}`,
  });
  expect(environment['PRIVATE']).toBeUndefined();

  expect(await text(`${runtime.publicUrl}/publish`, { method: 'POST' })).toBe('202');
  await eventually(async () => {
    const events = await collected(folder);
    const types = events.map(({ headers }) => headers['ce-type']);
    expect([types.length, ...new Set(types)]).toEqual(expect.arrayContaining([2, 'dev.knative.sources.ping', 'test.finished']));
    const [ping] = events.filter(({ headers }) => headers['ce-type'] === 'dev.knative.sources.ping');
    expect([ping!.headers['ce-source'], ping!.body]).toEqual([
      '/apis/v1/namespaces/default/pingsources/collector',
      '{"idleSeconds":0}',
    ]);
  });
  expect(await (await fetch(`${runtime.inboxUrl}/api/email`)).json()).toEqual([]);

  const workers = await childrenOf(runtime.process.pid!);
  expect(workers.length).toBe(5);
  expect(await finish(runtime)).toBe(0);
  expect(workers.filter(isAlive)).toEqual([]);
  expect(['runtime.json', 'runtime.pid'].filter((name) => existsSync(join(folder, 'data', name)))).toEqual([]);
});

test('a request waits for a function that died and is starting again', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  expect((await fetch(`${runtime.publicUrl}/crash`, tagged('v1'))).status).toBe(503);
  await expect.poll(() => runtime.output()).toContain('ended with exit code 3; restarting it');
  const answer = await fetch(runtime.publicUrl, tagged('v1'));
  expect(answer.headers.get('x-revision')).toBe('ingest-v1');
});

test('Ctrl-C through npm arrives twice and counts once; a later one ends everything at once', async () => {
  const folder = await copyFixtures();
  const twice = await startReady(folder);
  twice.process.kill('SIGINT');
  expect(await finish(twice)).toBe(0);

  const runtime = await startReady(folder);
  const workers = await childrenOf(runtime.process.pid!);
  const hanging = fetch(`${runtime.publicUrl}/hang`).catch(() => undefined);
  await fetch(runtime.publicUrl);
  const interrupted = () => {
    runtime.process.kill('SIGINT');
    return runtime.process.exitCode;
  };
  await expect.poll(interrupted).toBe(130);
  await hanging;
  await expect.poll(() => workers.filter(isAlive)).toEqual([]);
});

test('a killed runtime takes its functions with it', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  const workers = await childrenOf(runtime.process.pid!);
  expect(workers.length).toBe(5);
  runtime.process.kill('SIGKILL');
  await expect.poll(() => workers.filter(isAlive)).toEqual([]);
  // And its lock is taken over.
  expect(await finish(await startReady(folder))).toBe(0);
});
