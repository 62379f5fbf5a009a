import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { metrics } from '@darkroom/shared/metrics';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { alerts } from '../src/alerts.ts';
import { dashboards, files } from '../src/files.ts';
import { recordings } from '../src/recordings.ts';

const folder = resolve(import.meta.dirname, '../../../config/monitoring');

const panels = Object.values(dashboards).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
const queries = [
  ...panels
    .filter(({ source = 'prometheus' }) => source === 'prometheus')
    .flatMap((panel) => panel.queries.map(({ expr }) => expr)),
  ...alerts.map(({ query }) => query),
];
const namesIn = (texts: string[], pattern: RegExp) => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([name]) => name))),
];

test('what Grafana and Prometheus read is what these sources make (npm run monitoring)', () => {
  const made = files();
  for (const [name, content] of made) expect(parse(readFileSync(join(folder, name), 'utf8')), name).toEqual(parse(content));
  expect(readdirSync(join(folder, 'dashboards')).sort()).toEqual(
    [...made.keys()].flatMap((name) => name.split('dashboards/')[1] ?? []).sort(),
  );
});

test('queries name metrics and recordings that exist, and none is measured in vain', () => {
  const known = Object.values(metrics).map(({ name }) => name);
  const asked = namesIn([...queries, ...recordings.map(({ expr }) => expr)], /\bdarkroom_\w+/g).map((name) =>
    known.includes(name) ? name : name.replace(/_(bucket|count|sum)$/, ''),
  );
  // Asked by whoever looks for one thing.
  const unasked = [
    'darkroom_http_request_duration_seconds',
    'darkroom_photos_accepted_total',
    'darkroom_photos_refused_total',
    'darkroom_archives_total',
  ];
  expect([...new Set([...asked, ...unasked])].sort()).toEqual(known.sort());
  const recorded = recordings.map(({ record }) => record);
  for (const name of namesIn(queries, /\bdarkroom:\w+(:\w+)*/g)) expect(recorded).toContain(name);
});

test('each panel says what it tells, and each dashboard fits', () => {
  for (const { title, description, queries: own } of panels) {
    expect(description.length, title).toBeGreaterThan(10);
    expect(own.length, title).toBeGreaterThan(0);
  }
});
