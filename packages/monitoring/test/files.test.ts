import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { metrics } from '@darkroom/shared/metrics';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { asked, watched } from '../src/asked.ts';
import { dashboards, files } from '../src/files.ts';
import { recordings } from '../src/recordings.ts';

const folder = resolve(import.meta.dirname, '../../../config/monitoring');

const panels = Object.values(dashboards).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
const queries = [...asked({ range: '1h', rateInterval: '1m' }), ...watched].map(({ expr }) => expr);
type Relabeling = Record<string, unknown>;
/** What the Prometheus Operator is given, as far as it is used here. */
interface PodMonitor {
  metadata: { name: string };
  spec: {
    namespaceSelector?: { matchNames: string[] };
    selector: { matchExpressions?: { key: string; operator: 'Exists' }[] };
    podMetricsEndpoints: {
      port?: string;
      interval: string;
      relabelings?: Relabeling[];
      metricRelabelings?: Relabeling[];
    }[];
  };
}
interface ScrapeConfig {
  kubernetes_sd_configs: unknown[];
  relabel_configs: Relabeling[];
  metric_relabel_configs?: Relabeling[];
}

/** What the Prometheus Operator makes of a PodMonitor in the namespace darkroom. */
function scrapesOf({ spec }: PodMonitor): ScrapeConfig[] {
  const names = spec.namespaceSelector?.matchNames ?? ['darkroom'];
  const keep = (source: string, regex: string) => ({ source_labels: [`__meta_kubernetes_pod_${source}`], regex, action: 'keep' });
  const selected = (spec.selector.matchExpressions ?? []).map(({ key }) =>
    keep(`labelpresent_${key.replaceAll(/[./]/g, '_')}`, 'true'),
  );
  // sourceLabels: source_labels
  const inItsWords = (relabelings: Relabeling[]) =>
    relabelings.map((each) =>
      Object.fromEntries(
        Object.entries(each).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
      ),
    );
  return spec.podMetricsEndpoints.map(({ port, relabelings = [], metricRelabelings }) => ({
    kubernetes_sd_configs: [{ role: 'pod', namespaces: { names } }],
    relabel_configs: [
      { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Failed|Succeeded', action: 'drop' },
      ...selected,
      ...(port === undefined ? [] : [keep('container_port_name', port)]),
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
      ...inItsWords(relabelings),
    ],
    ...(metricRelabelings && { metric_relabel_configs: inItsWords(metricRelabelings) }),
  }));
}

/** kn_revision_name */
const isLabel = (name: string) => name.endsWith('_name');
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

test('without the Prometheus Operator, the same is read', () => {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const monitors = parseAllDocuments(read('pod-monitor.yaml')).map((document) => document.toJS() as PodMonitor);
  const { global, scrape_configs } = parse(read('prometheus-kubernetes.yml')) as {
    global: { scrape_interval: string };
    scrape_configs: (ScrapeConfig & { job_name: string })[];
  };
  const jobs = ['darkroom', 'queue-proxy', 'knative'];
  expect(scrape_configs).toEqual(monitors.flatMap(scrapesOf).map((scrape, index) => ({ job_name: jobs[index], ...scrape })));
  for (const { interval } of monitors.flatMap(({ spec }) => spec.podMetricsEndpoints))
    expect(interval).toBe(global.scrape_interval);
});

test('of Knative, what the queries name is kept', () => {
  const monitors = parseAllDocuments(readFileSync(join(folder, 'pod-monitor.yaml'), 'utf8')).map(
    (document) => document.toJS() as PodMonitor,
  );
  const kept = monitors.flatMap(({ spec }) =>
    spec.podMetricsEndpoints.flatMap(({ metricRelabelings = [] }) => metricRelabelings.map(({ regex }) => String(regex))),
  );
  const names = namesIn(queries, /\b(kn|autoscaler|activator|mt_broker|revision)_\w+/g).filter((name) => !isLabel(name));
  expect(names.filter((name) => !kept.some((regex) => new RegExp(`^(?:${regex})$`).test(name)))).toEqual([]);
});

test('queries name metrics and recordings that exist, and none is measured in vain', () => {
  const known = Object.values(metrics).map(({ name }) => name);
  const inQueries = namesIn([...queries, ...recordings.map(({ expr }) => expr)], /\bdarkroom_\w+/g).map((name) =>
    known.includes(name) ? name : name.replace(/_(bucket|count|sum)$/, ''),
  );
  // Asked by whoever looks for one thing.
  const unasked = [
    'darkroom_http_request_duration_seconds',
    'darkroom_photos_accepted_total',
    'darkroom_photos_refused_total',
    'darkroom_archives_total',
  ];
  expect([...new Set([...inQueries, ...unasked])].sort()).toEqual(known.sort());
  const recorded = recordings.map(({ record }) => record);
  for (const name of namesIn(queries, /\bdarkroom:\w+(:\w+)*/g)) expect(recorded).toContain(name);
});

test('each panel says what it tells, and each dashboard fits', () => {
  for (const { title, description, queries: own } of panels) {
    expect(description.length, title).toBeGreaterThan(10);
    expect(own.length, title).toBeGreaterThan(0);
  }
});
