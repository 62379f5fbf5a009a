import type { RevisionSpec, TriggerSpec } from 'knative-local/manifest/topology';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { inspectWiring } from '../src/wiring.ts';

const delivery = { retry: 0, backoffPolicy: 'linear', backoffDelay: 0, timeout: 0 } as const;
const trigger = (service: string, attributes: Record<string, string>, more: Partial<TriggerSpec> = {}): TriggerSpec => ({
  name: service,
  broker: 'default',
  filters: [],
  attributes,
  subscriber: { service },
  delivery,
  ...more,
});
const uploaded = 'dev.darkroom.image.uploaded';
const probe = { path: '/', period: 1, timeout: 1, failureThreshold: 1 };

const revision = (service: string, folder: string, environment: Record<string, string>): RevisionSpec => ({
  name: `${service}-v2`,
  service,
  folder,
  command: [],
  build: '',
  concurrency: 0,
  scale: { min: 0, max: 0, target: 70, window: 60_000, retention: 0 },
  readiness: probe,
  environment,
});

function inspect(FILTERS: string, triggers: TriggerSpec[], eventTypes: string[] = []) {
  const services = [{ name: 'ingest', http: true, revisions: [revision('ingest', '', { FILTERS })], traffic: [] }];
  return inspectWiring({ brokers: [], triggers, pings: [], services, eventTypes });
}

const sepia = trigger('sepia', { type: uploaded, sepia: 'true' });
const audit = trigger('audit', { type: uploaded });

test('every filter that a revision asks for needs a Trigger of its own', () => {
  expect(inspect('sepia', [sepia, audit]).faults).toEqual([]);
  expect(inspect('sepia, invert', [sepia, audit]).faults).toEqual([
    "ingest-v2: no Trigger hears the filter invert, so its prints would never come. Add a Trigger for type dev.darkroom.image.uploaded and invert 'true', or take invert out of FILTERS.",
  ]);
  for (const wrong of [
    trigger('invert', { type: uploaded, invert: 'false' }),
    trigger('invert', { type: 'dev.darkroom.image.uplaoded', invert: 'true' }),
    trigger('invert', {}, { filters: [{ exact: { type: 'other' } }] }),
  ])
    expect(inspect('invert', [wrong]).faults).toHaveLength(1);
  for (const right of [
    trigger('invert', { type: uploaded }),
    trigger('other', {}, { filters: [{ all: [{ exact: { type: uploaded } }, { exact: { invert: 'true' } }] }] }),
    trigger('other', {}, { filters: [{ prefix: { invert: 't' } }] }),
  ])
    expect(inspect('sepia,invert', [sepia, right]).faults).toEqual([]);
});

test('warns about a Trigger for an event that nobody emits', () => {
  const misspelt = trigger('zip', {}, { filters: [{ any: [{ exact: { type: 'dev.darkroom.fliter.finished' } }] }] });
  expect(inspect('sepia', [sepia, misspelt]).warnings).toEqual([
    'Trigger zip waits for events of type dev.darkroom.fliter.finished, which nobody emits. Check its spelling, or declare it in an EventType.',
  ]);
  expect(inspect('sepia', [sepia, audit]).warnings).toEqual([]);
  const ping = trigger('sweep', { type: 'dev.knative.sources.ping' });
  expect(inspect('', [ping, trigger('face', { type: 'com.example.face' })], ['com.example.face', uploaded]).warnings).toEqual([]);
  expect(inspect('', [trigger('zip', { type: 'dev.darkroom.filter.finished' })], [uploaded]).warnings).toHaveLength(1);
});

test('warns about a version that lets people choose something else for a filter than the filter does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'option-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const option = { type: 'integer', minimum: 1, maximum: 9 };
  await writeFile(join(folder, 'option.json'), JSON.stringify(option));
  const warnings = (OPTIONS: string) => {
    const service = (name: string, environment: Record<string, string>) => ({
      name,
      http: false,
      revisions: [revision(name, join(folder, 'dist'), environment)],
      traffic: [],
    });
    const services = [service('ingest', { FILTERS: 'sepia', OPTIONS }), service('sepia', {})];
    return inspectWiring({ brokers: [], triggers: [sepia], pings: [], services, eventTypes: [uploaded] }).warnings;
  };
  expect(warnings(JSON.stringify({ sepia: { maximum: 9, minimum: 1, type: 'integer' } }))).toEqual([]);
  for (const other of ['', '{}', JSON.stringify({ sepia: { ...option, maximum: 8 } })])
    expect(warnings(other)).toEqual([
      'ingest-v2: OPTIONS and the function sepia disagree on what can be chosen. By its option.json, it is sepia: {"type":"integer","minimum":1,"maximum":9}.',
    ]);
});
