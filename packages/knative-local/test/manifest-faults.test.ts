import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifests } from '../src/manifest/read.ts';
import { asked, fixtures, makeFolder } from './folders.ts';

const functions = join(fixtures, 'functions');
const settings = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { GREETING: hello }\n';
const broker = 'apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: { name: default }\n';
const trigger = (spec: string) => `apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: { name: stage }\nspec:\n${spec}`;
const toStage = '  subscriber: { ref: { kind: Service, name: stage } }\n';
const service = (revision: string, rest: string) =>
  `apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: ingest }\nspec:\n  template: { metadata: { name: ${revision} }, spec: { containers: [{ image: x }] } }\n${rest}`;

/** The faults of a config folder, without the path of the folder. */
async function faultsOf(files: Record<string, string>, operator: Record<string, string> = {}): Promise<string[]> {
  const config = await makeFolder({ '0.yaml': settings, ...files });
  const read = readManifests({ ...asked, config: [config], functions, operator });
  const message: string = await read.then(
    () => '',
    (error: Error) => error.message,
  );
  return message
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(`${config}/`, ''));
}

test.each<[string, Record<string, string>, string[]]>([
  [
    'a field',
    { 't.yaml': broker + '---\n' + trigger('  broker: default\n  filter: { attributes: { Type: x } }\n' + toStage) },
    ['t.yaml:10: Trigger stage: spec.filter.attributes.Type: names of attributes are lower-case letters and digits'],
  ],
  [
    'a value that is no text',
    {
      't.yaml':
        broker +
        '---\n' +
        trigger('  broker: default\n  filter:\n    attributes:\n      type: x\n      archive: true\n' + toStage),
    },
    ['t.yaml:13: Trigger stage: spec.filter.attributes.archive: must be text: put it in quotes, since attributes arrive as text'],
  ],
  [
    'a misspelt field',
    { 't.yaml': broker + '---\n' + trigger('  broker: default\n  filtr: {}\n' + toStage) },
    ['t.yaml:10: Trigger stage: spec.filtr: is not a field that belongs here; check its spelling'],
  ],
  [
    'a field that is missing',
    { 't.yaml': broker + '---\n' + trigger('  broker: default\n') },
    ['t.yaml:8: Trigger stage: spec.subscriber: is missing'],
  ],
  ['YAML', { 't.yaml': 'kind: [' }, [expect.stringMatching(/^t\.yaml:1: not valid YAML: /)]],
  [
    'a duration',
    { 'b.yaml': broker + 'spec: { delivery: { retry: 1, backoffDelay: 5s } }\n' },
    ['b.yaml:4: Broker default: spec.delivery.backoffDelay: must be a duration like PT0.5S or PT2M'],
  ],
  [
    'an annotation about scale',
    { 's.yaml': service('ingest-v1, annotations: { autoscaling.knative.dev/max-scale: few }', '') },
    [
      's.yaml:5: Service ingest: spec.template.metadata.annotations.autoscaling.knative.dev/max-scale: must be a whole number, and is "few"',
    ],
  ],
  [
    'cesql',
    { 't.yaml': broker + '---\n' + trigger('  broker: default\n  filters: [{ cesql: "x = 1" }]\n' + toStage) },
    [
      't.yaml:10: Trigger stage: spec.filters[0].cesql: cesql is not supported by the local runtime; use exact, prefix, suffix, all, any and not',
    ],
  ],
  [
    'a Broker and a Service that are not there',
    { 't.yaml': trigger('  broker: other\n  subscriber: { ref: { kind: Service, name: sepia } }\n') },
    [
      't.yaml:5: Trigger stage: spec.broker: there is no Broker other',
      't.yaml:6: Trigger stage: spec.subscriber.ref.name: there is no Service sepia; there is collector, ingest, stage',
    ],
  ],
  [
    'a name that is taken',
    { 'b.yaml': broker, 'c.yaml': broker },
    ['c.yaml:3: Broker default: metadata.name: b.yaml:1 already has this name; choose another'],
  ],
  [
    'a schedule',
    {
      'p.yaml':
        'apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: { name: p }\nspec:\n  schedule: "often"\n  sink: { ref: { kind: Service, name: stage } }\n',
    },
    [expect.stringMatching(/^p\.yaml:5: PingSource p: spec\.schedule: is not a cron schedule: /)],
  ],
  [
    'traffic',
    {
      's.yaml': service(
        'ingest-v1',
        '  traffic: [{ revisionName: ingest-v1, tag: a, percent: 50 }, { revisionName: ingest-v3, tag: a, percent: 20 }]\n',
      ),
    },
    [
      's.yaml:6: Service ingest: spec.traffic[1].revisionName: there is no revision ingest-v3; it has ingest-v1',
      's.yaml:6: Service ingest: spec.traffic[1].tag: the tag a is taken; tags are unique',
      's.yaml:6: Service ingest: spec.traffic: the percentages add up to 70; they must add up to 100',
    ],
  ],
  [
    'a split of nothing',
    {
      's.yaml':
        'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: stage }\nspec: { traffic: [{ latestRevision: true, percent: 100 }] }\n',
    },
    [
      's.yaml:4: Service stage: spec: splits the traffic of a Service for which no document has a template; add one, or remove this',
    ],
  ],
  [
    'a revision that changed under its name',
    { 's.yaml': service('ingest-v1', '') + '---\n' + service('ingest-v1', '') },
    [
      's.yaml:11: Service ingest: spec.template.metadata.name: there already is a revision ingest-v1; a revision never changes, so choose another name',
    ],
  ],
])('says where and what: %s', async (_name, files, faults) => {
  const found = await faultsOf(files);
  expect(found.map((line) => line.replace(/\S*\/(?=\w+\.yaml:)/, ''))).toEqual(faults);
});
