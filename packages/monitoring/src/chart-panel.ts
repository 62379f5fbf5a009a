import type { Counters, WrittenChart } from 'knative-local/charts/description';
import type { Panel } from './panel.ts';
import { grown, share } from './promql.ts';
import { recordOf } from './recordings.ts';

const units = { count: 'short', seconds: 's', share: 'percentunit' };

/** A chart of the console as a panel of Grafana. */
export function panelOf(chart: WrittenChart): Panel {
  const { title, description, look, unit = 'count', legend } = chart;
  const isFigures = look === 'figures';
  return {
    title,
    description,
    unit: units[unit],
    queries: [{ expr: isFigures ? figureQuery(chart) : courseQuery(chart), legend }],
    ...(isFigures && { kind: 'stat', width: 6 }),
    ...(look === 'areas' && { stacked: true }),
  };
}

/** Of the time that a person has chosen. */
function figureQuery({ measure, by = [], title }: WrittenChart): string {
  if ('gauge' in measure) return `max(${measure.gauge})`;
  if ('growth' in measure) return measure.growth.counters.map((counter) => grown(counter, '$__range', by.join(', '))).join(' + ');
  throw new Error(`${title}: for figures, use growth or gauge`);
}

/** Of the last five minutes, which is what is recorded. */
function courseQuery({ measure, by = [] }: WrittenChart): string {
  const labels = by.join(', ');
  if ('gauge' in measure) return `max by (${labels}) (${measure.gauge})`;
  if ('growth' in measure) return `sum by (${labels}) (${recorded(measure.growth)})`;
  if ('share' in measure) return share(recorded(measure.share), recorded(measure.of), labels);
  return `histogram_quantile(${measure.quantile}, sum by (${labels}, le) (${recordOf(`${measure.histogram}_bucket`)}))`;
}

function recorded({ counters, where = {} }: Counters): string {
  const matching = Object.entries(where).map(([label, value]) => `${label}="${value}"`);
  const records = counters.map(recordOf);
  if (records.length > 1) return `{${[`__name__=~"${records.join('|')}"`, ...matching].join(',')}}`;
  return `${records[0]}${matching.length > 0 ? `{${matching.join(',')}}` : ''}`;
}
