import { spawnSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { eventType } from '@darkroom/shared/events';
import { limits } from '@darkroom/shared/image/limits';
import { fairShare } from '../../../functions/ingest/src/fair-share.ts';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { configFolders } from '../src/start.ts';
import { readManifests } from 'knative-local/manifest/read';
import { labEnvironment, operational } from '../src/environment.ts';
import { readSettings } from '../src/settings.ts';

const repository = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const documents = (path: string) => parseAllDocuments(read(path)).map((document) => document.toJS() as Manifest);
const functions = readdirSync(join(repository, 'functions'));

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    filter: { attributes: Record<string, string> };
    subscriber: { ref: { name: string } };
    attributes: { name: string; value?: string }[];
    template: { spec: { containers: { env: { name: string }[] }[] } };
  };
}
interface Func {
  name: string;
  specVersion: string;
  created?: string;
  deploy: { labels?: { key: string; value: string }[] };
}

/** The settings of the README's tables, with all that is said of each. */
const documented = new Map(
  [...read('README.md').matchAll(/^\| ((?:`[A-Z][A-Z\d_]+`(?:, )?)+) +\|(.*)$/gm)].flatMap(([, names, meaning]) =>
    [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => [name!, meaning!] as const),
  ),
);

// A fact lives once. These hold the places that repeat one to it.

test('Triggers listen to event types that exist, and to functions that exist', () => {
  const triggers = documents('config/base/triggers.yaml');
  const declared = documents('config/base/event-types.yaml').flatMap(({ spec }) => spec.attributes.map(({ value }) => value));
  expect(triggers.length).toBeGreaterThan(4);
  for (const { spec } of triggers) {
    expect(declared).toContain(spec.filter.attributes['type']);
    expect(functions).toContain(spec.subscriber.ref.name);
  }
});

test("Darkroom's own manifests have no fault, except that builds may be missing", async () => {
  const message: string = await readManifests({
    config: configFolders(join(repository, 'config')),
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
  const named = [...read('docs/architecture.md').matchAll(/^\| `([a-z]+\.[a-z-]+)` /gm)].map(
    ([, type]) => `dev.darkroom.${type}`,
  );
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

/** Every setting that some schema of the code reads: each key of a schema is a call, such as `integer(...)`, or names a schema. */
const settingsRead = (): string[] => {
  const files = globSync('{functions/*,packages/{shared,lab,rollout}}/src/**/*.ts', { cwd: repository });
  const schemas = files.map(read).filter((text) => /readConfig\(|from 'valibot'/.test(text));
  const keys = schemas.flatMap((text) =>
    [...text.matchAll(/^ {2}([A-Z][A-Z\d_]+): (?:[\w.]+\(|[a-z]\w+,$)/gm)].map(([, name]) => name!),
  );
  return [...new Set(keys)];
};
/** What the platform and the lab themselves set. */
const platform = ['K_SINK', 'K_REVISION'];
/** For tests: another SendGrid. */
const besides = ['SENDGRID_URL'];

test("the README's tables have every setting that is read, and no other", () => {
  const settings = settingsRead().filter((name) => ![...platform, ...besides].includes(name));
  expect([...documented.keys()].sort()).toEqual(settings.sort());
});

test('npm start passes on every documented setting, except its own and those of a revision', () => {
  for (const [name, meaning] of documented) {
    if (['(local)', 'by revision', '(rollout)'].some((mark) => meaning.includes(mark))) continue;
    const operator = { [name]: 'handed on' };
    const settings = { ...readSettings({}), operator, [name]: 'handed on' };
    const environment = labEnvironment(settings, {
      sink: '',
      token: '',
      smtpPort: 1,
      webhookSecret: 'handed on',
      publicUrl: 'handed on',
    });
    expect(operational.test(name) || environment[name] === 'handed on', name).toBe(true);
  }
});

test.each(functions)('functions/%s: its manifest has its name, and only ingest is reachable from outside', (name) => {
  const func = parse(read(`functions/${name}/func.yaml`)) as Func;
  expect(func).toMatchObject({ name, specVersion: '0.36.0' });
  // To func, a function without it “has not been initialized”, and is neither built nor deployed.
  expect(func.created, 'created').toMatch(/^\d{4}-\d{2}-\d{2}T[\d:]+Z$/);
  const local =
    func.deploy.labels?.some(({ key, value }) => key === 'networking.knative.dev/visibility' && value === 'cluster-local') ??
    false;
  expect(local).toBe(name !== 'ingest');
});

test('links in the README and docs/ lead to existing pages and pictures', () => {
  for (const page of [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'packages/lab/README.md',
    ...readdirSync(join(repository, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]) {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => join(page, '..', path!));
    for (const link of links) expect(() => readFileSync(join(repository, link)), `${page} links to ${link}`).not.toThrow();
  }
});

const kustomize = (folder: string) => spawnSync('kubectl', ['kustomize', join(repository, folder)], { encoding: 'utf8' });
test.skipIf(kustomize('config').error).each(['config', 'config/overlays/kind', 'config/overlays/production'])(
  'kubectl renders %s: wiring but no Service, so that applying it again undoes no version or split (skipped without kubectl)',
  (folder) => {
    const { stdout, stderr } = kustomize(folder);
    expect(stderr).toBe('');
    const rendered = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest & { apiVersion: string });
    const named = rendered
      .filter(({ apiVersion }) => /knative\.dev/.test(apiVersion))
      .map(({ kind, metadata: { name } }) => `${kind} ${name}`);
    const base = [
      'base/broker.yaml',
      'base/triggers.yaml',
      'base/sweep.yaml',
      'base/webhook.yaml',
      'base/event-types.yaml',
    ].flatMap((file) => documents(`config/${file}`).map(({ kind, metadata: { name } }) => `${kind} ${name}`));
    expect(named.sort()).toEqual(base.sort());
  },
);

test('the catalogue of EventTypes has each type', () => {
  const types = documents('config/base/event-types.yaml').map(
    ({ spec }) => spec.attributes.find(({ name }) => name === 'type')?.value,
  );
  // A stage of one's own may hear, and declare, more.
  expect(types).toEqual(expect.arrayContaining(Object.values(eventType)));
});

// A choice for a filter that a version does not ask for has no effect, so OPTIONS may be inherited.
test('all versions of ingest set the same variables, so that none inherits from another', () => {
  const files = readdirSync(join(repository, 'config/versions')).filter((name) => /^v\d+\.yaml$/.test(name));
  const variables = files.map((name) =>
    documents(`config/versions/${name}`)[0]!
      .spec.template.spec.containers[0]!.env.map((each) => each.name)
      .filter((each) => each !== 'OPTIONS'),
  );
  expect(variables).toEqual(files.map(() => ['FILTERS', 'ARCHIVE']));
});
