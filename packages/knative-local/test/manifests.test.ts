import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifests } from '../src/manifest/read.ts';
import { asked, copyFixtures, fixtures, makeFolder } from './folders.ts';

const functions = join(fixtures, 'functions');
test('reads what the cluster gets', async () => {
  const topology = await readManifests({ ...asked, config: [join(fixtures, 'config')], functions });
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

test("the operator's environment stands in for Secrets and overrides ConfigMaps, but not what is spelled out; a default gives way to all", async () => {
  const operator = { GREETING: 'hi', FILTERS: 'mine', COLLECTOR_OUTPUT: '/tmp/x', MAIL_ATTACH: '1', PRIVATE: 'p' };
  const { services } = await readManifests({
    ...asked,
    config: [join(fixtures, 'config')],
    functions,
    operator,
    operational: /^MAIL_/,
    defaults: { MAIL_ATTACH: '2', FILTERS: 'none', WORKERS: '3' },
  });
  const environment = (name: string) => services.find((each) => each.name === name)!.revisions[0]!.environment;
  expect(environment('ingest')).toEqual({
    GREETING: 'hi',
    FILTERS: 'one',
    MAIL_ATTACH: '1',
    K_SINK: 'http://nowhere.example',
    WORKERS: '3',
  });
  expect(environment('collector')).toEqual({ OUTPUT: '/tmp/x', MAIL_ATTACH: '1', FILTERS: 'none', WORKERS: '3' });
});

test('reports an unbuilt function as one fault, and says what to do', async () => {
  const folder = await copyFixtures();
  await rm(join(folder, 'functions/stage/dist'), { recursive: true });
  const read = readManifests({ ...asked, config: [join(folder, 'config')], functions: join(folder, 'functions') });
  await expect(read).rejects.toThrow(
    /^The manifests need a change:\n {2}\S+functions\/stage\/dist is missing. Run npm run build, and start again.$/,
  );
});

test('of two functions with the same name, the one whose folder is called otherwise is told to choose another', async () => {
  const folder = await copyFixtures();
  for (const copy of ['a-copy', 'z-copy'])
    await cp(join(folder, 'functions/stage'), join(folder, 'functions', copy), { recursive: true });
  const reading = readManifests({ config: [join(folder, 'config')], functions: join(folder, 'functions'), ...asked });
  const faults = await reading.catch(({ message }: Error) => message.split('\n').slice(1));
  expect(faults).toEqual(
    ['a-copy', 'z-copy'].map((copy) =>
      expect.stringMatching(
        new RegExp(`functions/${copy}/func\\.yaml:\\d+: function stage: name: \\S+/stage/func\\.yaml:\\d+ already has this name`),
      ),
    ),
  );
});

test('a build that is older than its source has a fault, unless somebody builds what is saved', async () => {
  const folder = await copyFixtures();
  const dist = join(folder, 'functions/stage/dist');
  const read = (buildsFollow?: () => boolean) =>
    readManifests({
      config: [join(folder, 'config')],
      functions: join(folder, 'functions'),
      ...asked,
      ...(buildsFollow && { buildsFollow }),
    }).then(
      () => '',
      ({ message }: Error) => message,
    );
  const built = (name: string) =>
    writeFile(join(dist, 'sources.json'), JSON.stringify({ function: name, files: { '../func.yaml': 'another digest' } }));
  await built('stage');
  for (const follows of [undefined, () => false])
    expect(await read(follows)).toMatch(/stage\/dist is older than its source: \S+func\.yaml has changed\. Run npm run build/);
  expect(await read(() => true)).toBe('');
  await built('other');
  expect(await read(() => true)).toMatch(
    /stage\/dist was built for the function other, and this one is stage\. Run npm run build/,
  );
});

test('a version is scaled as func.yaml says, and its own annotations win', async () => {
  const folder = await copyFixtures();
  const path = join(folder, 'functions/collector/func.yaml');
  await writeFile(path, `${await readFile(path, 'utf8')}\ndeploy: { options: { scale: { min: 1, max: 3, target: 10 } } }\n`);
  const annotations = '{ autoscaling.knative.dev/max-scale: "5", autoscaling.knative.dev/window: 10s }';
  const versions = await makeFolder({
    'a.yaml': `apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: collector }
spec: { template: { metadata: { name: collector-a, annotations: ${annotations} }, spec: { containers: [{ env: [] }] } } }
`,
  });
  const read = async (config: string[]) => {
    const { services } = await readManifests({ ...asked, config, functions: join(folder, 'functions') });
    return services.find(({ name }) => name === 'collector')!.revisions[0]!.scale;
  };
  const config = join(folder, 'config');
  expect(await read([config])).toEqual({ min: 1, max: 3, target: 7, window: 60_000, retention: 0 });
  expect(await read([config, versions])).toEqual({ min: 1, max: 5, target: 7, window: 10_000, retention: 0 });
});

test('a version states what differs from func.yaml; the split has a document of its own', async () => {
  const version = (name: string, value: string) => `apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: collector }
spec: { template: { metadata: { name: ${name} }, spec: { containers: [{ env: [{ name: MODE, value: ${value} }] }] } } }
`;
  const split = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: collector }
spec: { traffic: [{ revisionName: collector-b, tag: b, percent: 30 }, { revisionName: collector-a, tag: a, percent: 70 }] }
`;
  const versions = await makeFolder({
    'a.yaml': version('collector-a', 'one'),
    'b.yaml': version('collector-b', 'two'),
    '0.yaml': split,
  });
  const operator = { COLLECTOR_OUTPUT: '/tmp/x' };
  const { services } = await readManifests({ ...asked, config: [join(fixtures, 'config'), versions], functions, operator });
  const collector = services.find(({ name }) => name === 'collector')!;
  expect(collector.revisions.map(({ name, environment }) => [name, environment])).toEqual([
    ['collector-a', { OUTPUT: '/tmp/x', MODE: 'one' }],
    ['collector-b', { OUTPUT: '/tmp/x', MODE: 'two' }],
  ]);
  expect(collector.traffic).toEqual([
    { revision: 'collector-b', tag: 'b', percent: 30 },
    { revision: 'collector-a', tag: 'a', percent: 70 },
  ]);
});

test('follows a kustomization to the folders it names; one that patches is a fault', async () => {
  const folder = await copyFixtures();
  const overlay = await makeFolder({ 'kustomization.yaml': `resources: [${join(folder, 'config')}, absent]\n` });
  const { brokers } = await readManifests({ ...asked, config: [overlay], functions });
  expect(brokers).toHaveLength(1);
  const patching = await makeFolder({ 'kustomization.yaml': 'resources: []\npatches: [{ path: a.yaml }]\n' });
  await expect(readManifests({ ...asked, config: [join(fixtures, 'config'), patching], functions })).rejects.toThrow(
    /kustomization\.yaml:2: .*patches: only kubectl applies patches; use the folder that they modify/,
  );
});
