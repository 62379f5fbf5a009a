import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { eventType } from '@darkroom/shared/events';
import { limits } from '@darkroom/shared/image/limits';
import { fairShare } from '../../../functions/ingest/src/fair-share.ts';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readManifests } from 'knative-local/manifest/read';

const repository = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const documents = (path: string) => parseAllDocuments(read(path)).map((document) => document.toJS() as Manifest);
const functions = readdirSync(join(repository, 'functions'));

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: { filter: { attributes: Record<string, string> }; subscriber: { ref: { name: string } } };
}
interface Func {
  name: string;
  specVersion: string;
  deploy: { labels?: { key: string; value: string }[] };
}

// A fact lives once. These hold the places that repeat one to it.

test('Triggers listen to event types that exist, and to functions that exist', () => {
  const triggers = documents('config/triggers.yaml');
  expect(triggers).toHaveLength(5);
  for (const { spec } of triggers) {
    expect(Object.values(eventType)).toContain(spec.filter.attributes['type']);
    expect(functions).toContain(spec.subscriber.ref.name);
  }
});

test('the manifests of Darkroom itself have no fault but builds that may be missing', async () => {
  const message: string = await readManifests({
    config: join(repository, 'config'),
    functions: join(repository, 'functions'),
    settings: { config: 'CONFIG_DIR', functions: 'FUNCTIONS_DIR' },
    operator: {},
  }).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(
    message
      .split('\n')
      .slice(1)
      .filter((line) => !line.includes('npm run build')),
  ).toEqual([]);
});

test('the table of events in the architecture names each type', () => {
  const named = [...read('docs/architecture.md').matchAll(/^\| `([a-z]+\.[a-z]+)` /gm)].map(([, type]) => `dev.darkroom.${type}`);
  expect(named.sort()).toEqual(Object.values(eventType).sort());
});

test("the README's table of limits has every limit with its default", () => {
  const table = Object.fromEntries(
    [...read('README.md').matchAll(/^\| `((?:MAX|MIN|CLIENT|ADDRESS)_\w+)`\s+\| (\d+)/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  expect(table).toEqual(
    Object.fromEntries(Object.entries({ ...limits, ...fairShare }).map(([name, schema]) => [name, schema.default])),
  );
});

test.each(functions)('functions/%s: its manifest bears its name, and only ingest can be reached from outside', (name) => {
  const func = parse(read(`functions/${name}/func.yaml`)) as Func;
  expect(func).toMatchObject({ name, specVersion: '0.36.0' });
  const local =
    func.deploy.labels?.some(({ key, value }) => key === 'networking.knative.dev/visibility' && value === 'cluster-local') ??
    false;
  expect(local).toBe(name !== 'ingest');
});

test('pictures and pages that the README and docs/ link to exist', () => {
  for (const page of [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(repository, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]) {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => join(page, '..', path!));
    for (const link of links) expect(() => readFileSync(join(repository, link)), `${page} links to ${link}`).not.toThrow();
  }
});

const kubectl = spawnSync('kubectl', ['kustomize', join(repository, 'config')], { encoding: 'utf8' });
test.skipIf(kubectl.error)('kubectl renders config/ (skipped without kubectl)', () => {
  expect(kubectl.stderr).toBe('');
  const kinds = parseAllDocuments(kubectl.stdout).map((document) => (document.toJS() as Manifest).kind);
  expect(kinds.sort()).toEqual([
    'Broker',
    'ConfigMap',
    'PingSource',
    'PingSource',
    'Service',
    ...Array.from({ length: 5 }, () => 'Trigger'),
  ]);
});
