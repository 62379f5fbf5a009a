import type { ChartView, SeriesView } from '../src/charts/view.ts';
import { clock, duration, make, say } from './dom.ts';
import { drawPlot, heightOf } from './plot.ts';

/** A chart with its title, what it means, and the value of each line. */
export interface ChartCard {
  root: HTMLElement;
  update(chart: ChartView, times: readonly number[]): void;
}

/** Colours, and kinds of line: the style has so many. */
const marks = 8;

export function createChartCard({ title, description, look }: ChartView): ChartCard {
  const values = make('ul', { className: look === 'figures' ? 'figures' : 'legend' });
  const heading = make('figcaption', {}, make('b', {}, title), make('small', { className: 'faint' }, description));
  if (look === 'figures') {
    const root = make('figure', { className: 'chart' }, heading, values);
    return { root, update: (chart) => list(values, chart, 0) };
  }

  const most = make('span', { className: 'most faint' });
  const moment = make('span', {});
  const [begin, end] = [make('time', {}), make('time', {})];
  const cursor = make('i', { className: 'cursor', hidden: true });
  const plot = make('div', { className: 'plot', tabIndex: 0, role: 'slider', ariaLabel: title }, cursor);
  const root = make(
    'figure',
    { className: 'chart' },
    heading,
    most,
    plot,
    make('div', { className: 'ends faint' }, begin, moment, end),
    values,
  );
  let shown: { chart: ChartView; times: readonly number[] } | undefined;
  /** When a person looks at: the end, unless they point at another moment. */
  let pointed: number | undefined;

  function tell(): void {
    if (!shown || shown.times.length === 0) return;
    const { chart, times } = shown;
    const last = times.length - 1;
    const index = pointed === undefined ? last : nearest(times, pointed);
    cursor.hidden = pointed === undefined;
    cursor.style.left = `${100 * placeOf(times, times[index]!)}%`;
    say(moment, pointed === undefined ? '' : timeOf(times[index]!));
    list(values, chart, index);
    const spoken = chart.series.map((series) => `${series.name} ${valueOf(chart, series, index)}`);
    Object.assign(plot, { ariaValueMin: '0', ariaValueMax: String(last), ariaValueNow: String(index) });
    plot.ariaValueText = `${timeOf(times[index]!)}: ${spoken.join(', ') || 'nothing'}`;
  }

  function point(time: number | undefined): void {
    pointed = time;
    tell();
  }

  plot.addEventListener('pointermove', ({ clientX }) => {
    if (!shown || shown.times.length === 0) return;
    const { left, width } = plot.getBoundingClientRect();
    const [first, last] = [shown.times[0]!, shown.times.at(-1)!];
    point(first + ((clientX - left) / width) * (last - first));
  });
  plot.addEventListener('pointerleave', () => point(undefined));
  plot.addEventListener('blur', () => point(undefined));
  plot.addEventListener('keydown', (event) => {
    if (!shown || shown.times.length === 0) return;
    const { times } = shown;
    const index = pointed === undefined ? times.length - 1 : nearest(times, pointed);
    const next = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: times.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    point(times[Math.min(Math.max(next, 0), times.length - 1)]);
  });

  return {
    root,
    update(chart, times) {
      shown = { chart, times };
      const height = heightOf(chart);
      say(most, height === 0 ? '' : written(chart.unit, height));
      const places = times.map((time) => placeOf(times, time));
      plot.querySelector('svg')?.remove();
      plot.append(drawPlot(chart, places, height, classOf));
      say(begin, times.length === 0 ? '' : timeOf(times[0]!));
      say(end, times.length === 0 ? '' : timeOf(times.at(-1)!));
      tell();
    },
  };
}

function list(place: HTMLElement, chart: ChartView, index: number): void {
  const items = chart.series.map((series) =>
    make(
      'li',
      {},
      make('i', { className: classOf(series) }),
      make('span', {}, series.name),
      make('b', {}, valueOf(chart, series, index)),
    ),
  );
  place.replaceChildren(...(items.length === 0 ? [make('li', { className: 'hint' }, 'Nothing yet.')] : items));
}

const classOf = ({ mark }: SeriesView) => `mark mark-${mark % marks}`;

function valueOf({ unit }: ChartView, { values }: SeriesView, index: number): string {
  const value = values[index] ?? undefined;
  return value === undefined ? '–' : written(unit, value);
}

function written(unit: ChartView['unit'], value: number): string {
  if (unit === 'seconds') return value === 0 ? '0 s' : duration(1000 * value);
  if (unit === 'share') return `${(100 * value).toFixed(value === 0 || value >= 0.1 ? 0 : 1)} %`;
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

/** From 0 to 1. */
function placeOf(times: readonly number[], time: number): number {
  const [first, last] = [times[0]!, times.at(-1)!];
  return last === first ? 1 : (time - first) / (last - first);
}

function nearest(times: readonly number[], time: number): number {
  return times.reduce((best, each, index) => (Math.abs(each - time) < Math.abs(times[best]! - time) ? index : best), 0);
}

const timeOf = (time: number) => clock(time).slice(0, 8);
