import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifests } from '../src/manifest/read.ts';
import { asked, copyFixtures, fixtures } from './folders.ts';

const functions = join(fixtures, 'functions');
test('reads what the cluster gets', async () => {
  const topology = await readManifests({ ...asked, config: join(fixtures, 'config'), functions });
  const [ingest] = topology.services.filter(({ name }) => name === 'ingest');
  expect(ingest!.revisions.map(({ name, environment }) => [name, environment['FILTERS'], environment['GREETING']])).toEqual([
    ['ingest-v1', 'one', 'hello'],
    ['ingest-v2', 'two', 'hello'],
  ]);
  expect(ingest!.traffic).toEqual([
    { revision: 'ingest-v1', tag: 'v1', percent: 50 },
    { revision: 'ingest-v2', tag: 'v2', percent: 50 },
  ]);
  const [stage] = topology.services.filter(({ name }) => name === 'stage');
  expect(stage!.revisions[0]).toMatchObject({ name: 'stage-00001', concurrency: 2, command: ['index.mjs'] });
  expect(topology.brokers[0]!.delivery).toMatchObject({ retry: 2, backoffPolicy: 'linear', backoffDelay: 50 });
});

test("the operator's environment stands in for Secrets and overrides ConfigMaps, but not what is spelled out", async () => {
  const operator = { GREETING: 'hi', FILTERS: 'mine', COLLECTOR_OUTPUT: '/tmp/x', MAIL_ATTACH: '1', PRIVATE: 'p' };
  const { services } = await readManifests({
    ...asked,
    config: join(fixtures, 'config'),
    functions,
    operator,
    operational: /^MAIL_/,
  });
  const environment = (name: string) => services.find((each) => each.name === name)!.revisions[0]!.environment;
  expect(environment('ingest')).toEqual({ GREETING: 'hi', FILTERS: 'one', MAIL_ATTACH: '1', K_SINK: 'http://nowhere.example' });
  expect(environment('collector')).toEqual({ OUTPUT: '/tmp/x', MAIL_ATTACH: '1' });
});

test('a function that is not built is one fault, and says what to do', async () => {
  const folder = await copyFixtures();
  await rm(join(folder, 'functions/stage/dist'), { recursive: true });
  const read = readManifests({ ...asked, config: join(folder, 'config'), functions: join(folder, 'functions') });
  await expect(read).rejects.toThrow(
    /^The manifests need a change:\n {2}\S+functions\/stage\/dist is missing. Run npm run build, and start again.$/,
  );
});
