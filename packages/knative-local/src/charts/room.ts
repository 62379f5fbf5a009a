import type { Chart, Charts } from './description.ts';
import { createHistory, type History } from './history.ts';
import { measureAt, type Measured, selectionsOf } from './measure.ts';
import type { ChartsView, ChartView } from './view.ts';

/** Charts of what has been measured since the start, at most for an hour. */
export interface ChartRoom {
  history: History;
  /** @param minutes how far back */
  view(minutes: number): ChartsView;
}

/** More would be drawn upon each other. */
const mostPoints = 180;

export function createChartRoom({ rows, window }: Charts): ChartRoom {
  const history = createHistory(rows.flatMap(({ charts }) => charts.flatMap(selectionsOf)));
  const marks = new Map<string, number>();

  function markOf(key: string): number {
    const mark = marks.get(key) ?? marks.size;
    marks.set(key, mark);
    return mark;
  }

  function viewOf(chart: Chart, indexes: readonly number[], range: number): ChartView {
    const { title, description, look, unit, by } = chart;
    const moments =
      look === 'figures'
        ? [measureAt(chart, history, history.times.length - 1, range)]
        : indexes.map((index) => measureAt(chart, history, index, window * 1000));
    const series = new Map<string, { labels: Measured['labels']; values: (number | null)[] }>();
    for (const [place, moment] of moments.entries())
      for (const { labels, value } of moment) {
        if (value === undefined) continue;
        const key = JSON.stringify(labels);
        const own = series.get(key) ?? { labels, values: moments.map(() => null) };
        series.set(key, own);
        own.values[place] = value;
      }
    // Where figures have several labels, the first is what is compared.
    const compared = look === 'figures' ? by.slice(0, 1) : by;
    const named = [...series.values()].map(({ labels, values }) => ({
      name: chart.legend.replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) => labels[label] ?? ''),
      mark: markOf(compared.map((label) => `${label}=${labels[label]}`).join()),
      values,
    }));
    named.sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
    return { title, description, look, unit, series: named };
  }

  return {
    history,
    view(minutes) {
      const { times } = history;
      const range = minutes * 60_000;
      const first = times.findIndex((time) => time >= (times.at(-1) ?? 0) - range);
      const step = Math.ceil((times.length - first) / mostPoints);
      // From the end, so that the latest is among them.
      const indexes = [...times.keys()].filter((index) => index >= first && (times.length - 1 - index) % step === 0);
      return {
        times: indexes.map((index) => times[index]!),
        rows: rows.map(({ title, charts }) => ({ title, charts: charts.map((chart) => viewOf(chart, indexes, range)) })),
      };
    },
  };
}
