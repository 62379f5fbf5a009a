import type { ChartView, SeriesView } from '../src/charts/view.ts';

const namespace = 'http://www.w3.org/2000/svg';
/** Units of the picture, which is stretched to the room that it has. */
const [width, height] = [1000, 100];

/** The value at the upper edge: a round number that no line exceeds; 0 where there is nothing to draw. */
export function heightOf({ look, unit, series }: ChartView): number {
  const columns = series[0]?.values.map((_, index) => series.map(({ values }) => values[index] ?? 0)) ?? [];
  const totals = columns.map((column) =>
    look === 'areas' ? column.reduce((sum, value) => sum + value, 0) : Math.max(...column),
  );
  const most = Math.max(0, ...totals);
  if (most === 0) return series.length === 0 ? 0 : 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const round = power * [1, 2, 5, 10].find((factor) => factor * power >= most)!;
  return unit === 'share' ? Math.min(1, round) : round;
}

/**
 * @param places of the values, from 0 to 1
 * @param most the value at the upper edge
 */
export function drawPlot(
  { look, series }: ChartView,
  places: readonly number[],
  most: number,
  classOf: (series: SeriesView) => string,
): SVGSVGElement {
  const root = document.createElementNS(namespace, 'svg');
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  root.setAttribute('preserveAspectRatio', 'none');
  root.setAttribute('aria-hidden', 'true');
  const point = (index: number, value: number) =>
    `${(places[index]! * width).toFixed(1)},${(height - (value / (most || 1)) * height).toFixed(1)}`;
  let floor = places.map(() => 0);
  for (const each of series) {
    if (look === 'areas') {
      const ceiling = floor.map((value, index) => value + (each.values[index] ?? 0));
      const above = ceiling.map((value, index) => point(index, value));
      const below = floor.map((value, index) => point(index, value)).toReversed();
      root.append(
        path(`M${[...above, ...below].join(' L')}Z`, `area ${classOf(each)}`),
        path(`M${above.join(' L')}`, classOf(each)),
      );
      floor = ceiling;
    } else root.append(path(lineOf(each, point), classOf(each)));
  }
  return root;
}

/** With gaps where there are no values; a value between two gaps is a dot. */
function lineOf({ values }: SeriesView, point: (index: number, value: number) => string): string {
  return values
    .map((value, index) => {
      if (value === null) return '';
      const isBegun = index > 0 && values[index - 1] !== null;
      return isBegun ? `L${point(index, value)}` : `M${point(index, value)}h0`;
    })
    .join('');
}

function path(shape: string, name: string): SVGPathElement {
  const made = document.createElementNS(namespace, 'path');
  made.setAttribute('d', shape);
  made.setAttribute('class', name);
  return made;
}
