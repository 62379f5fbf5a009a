/** Where the data of a query comes from. */
export type Source = 'prometheus' | 'loki' | 'tempo';

export interface Query {
  expr: string;
  /** How each line is called: "{{revision}}". */
  legend?: string;
  /** Only a cluster has it, or only one that runs such a version of Knative. */
  only?: 'cluster' | 'local';
  /** There is nothing to see until it happens for the first time. */
  rare?: boolean;
}

export interface Panel {
  title: string;
  /** What it tells, and what to think of it. */
  description: string;
  kind?: 'timeseries' | 'stat' | 'table' | 'logs' | 'traces';
  /** Of Grafana: s, bytes, percentunit, short, ops. */
  unit?: string;
  source?: Source;
  queries: Query[];
  /** Lines upon each other. */
  stacked?: boolean;
  /** Out of 24 columns. */
  width?: number;
}

export interface Dashboard {
  /** Part of its address; never changes. */
  uid: string;
  title: string;
  description: string;
  variables?: object[];
  rows: { title: string; panels: Panel[] }[];
}

const height = 8;

/** A dashboard as Grafana imports it. */
export function toGrafana({ uid, title, description, variables = [], rows }: Dashboard): object {
  let id = 0;
  let top = 0;
  const panels = rows.flatMap((row) => {
    const heading = {
      id: (id += 1),
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: top, w: 24, h: 1 },
    };
    top += 1;
    let left = 0;
    const placed = row.panels.map((panel) => {
      const { width = 8 } = panel;
      if (left + width > 24) {
        left = 0;
        top += height;
      }
      const gridPos = { x: left, y: top, w: width, h: height };
      left += width;
      return { id: (id += 1), ...content(panel), gridPos };
    });
    top += height;
    return [heading, ...placed];
  });
  return {
    uid,
    title,
    description,
    tags: ['darkroom'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '15s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: { list: [...sources(rows), ...variables] },
    annotations: { list: [] },
    links: [{ type: 'dashboards', title: 'Darkroom', tags: ['darkroom'], asDropdown: true, keepTime: true, includeVars: true }],
    panels,
  };
}

function content({
  title,
  description,
  kind = 'timeseries',
  unit = 'short',
  source = 'prometheus',
  queries,
  stacked,
}: Panel): object {
  const datasource = { type: source, uid: `\${${source}}` };
  const custom = {
    fillOpacity: stacked ? 30 : 5,
    lineWidth: 1,
    showPoints: 'auto',
    ...(stacked && { stacking: { mode: 'normal' } }),
  };
  return {
    type: kind,
    title,
    description,
    datasource,
    fieldConfig: { defaults: { unit, ...(kind === 'timeseries' && { min: 0, custom }) }, overrides: [] },
    options: optionsOf(kind),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      ...(source === 'tempo' ? { query: expr, queryType: 'traceql' } : { expr }),
      ...(legend !== undefined && { legendFormat: legend }),
      ...((kind === 'stat' || kind === 'table') && { instant: true, range: false }),
    })),
  };
}

function optionsOf(kind: Panel['kind']): object {
  if (kind === 'timeseries')
    return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
  if (kind === 'stat') return { reduceOptions: { calcs: ['lastNotNull'] }, textMode: 'value_and_name', graphMode: 'none' };
  return kind === 'logs' ? { showTime: true, wrapLogMessage: true } : {};
}

function sources(rows: Dashboard['rows']): object[] {
  const used = new Set(rows.flatMap(({ panels }) => panels.map(({ source = 'prometheus' }) => source)));
  return [...used].map((type) => ({ name: type, type: 'datasource', query: type, label: type }));
}
