import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { beginUpload } from './slow-upload.ts';
import { type Bench, formOf, jpeg, openBench, type Receipt, spools, until } from './support.ts';

let bench: Bench;
afterEach(() => bench.close());

const send = (query = '?email=a@example.org') =>
  fetch(`${bench.ingest.url}/${query}`, { method: 'POST', body: formOf(['file', { name: 'a.jpg', bytes: jpeg }]) });

test('SIGTERM lets a slow upload finish', async () => {
  bench = await openBench();
  const { finish } = await beginUpload(bench, jpeg);
  const stopped = bench.ingest.stop();
  // From here on it takes no more connections.
  await until(() =>
    fetch(bench.ingest.url).then(
      () => false,
      () => true,
    ),
  );
  const response = await finish();
  expect(response.statusCode).toBe(202);
  expect(response.headers.connection).toBe('close');
  const { job } = JSON.parse(await text(response)) as Receipt;
  expect(await stopped).toBe(0);
  expect(await bench.lab.keys()).toContain(`open/${job}`);
  expect(await spools(bench.lab)).toEqual([]);
});

test('SIGTERM ends a wait', async () => {
  bench = await openBench();
  const response = send('?email=a@example.org&wait=30');
  await until(async () => (await bench.lab.keys()).some((key) => key.startsWith('open/')));
  expect(await bench.ingest.stop()).toBe(0);
  expect((await response).status).toBe(202);
});

test('a port that is taken, and settings that are wrong, end it with one line', async () => {
  bench = await openBench();
  const { port } = new URL(bench.ingest.url);
  const end = ({ stderr, status }: SpawnSyncReturns<string>) => [status, stderr];
  expect(end(runIngest({ STORE_URL: 'file:/nowhere', K_SINK: 'http://x', FILTERS: 'sepia', PORT: port }))).toEqual([
    1,
    `Port ${port} is taken. Set PORT to a free one and start again.\n`,
  ]);
  expect(end(runIngest({ FILTERS: 'Sepia!', ARCHIVE: 'yes', K_SINK: 'ftp://x', MAX_FILES: '0' }))).toEqual([
    1,
    expect.stringMatching(/^Settings are wrong: STORE_URL is missing; K_SINK: .*; FILTERS.*: .*; ARCHIVE: .*; MAX_FILES: .*\n$/),
  ]);
});

const runIngest = (env: Record<string, string>) =>
  spawnSync(process.execPath, [resolve(import.meta.dirname, '../dist/index.mjs')], { env, encoding: 'utf8' });
