/** What the page is told of charts. Times are milliseconds since 1970. */
export interface ChartsView {
  /** Of the values over time, ascending. */
  times: number[];
  rows: { title: string; charts: ChartView[] }[];
}

export interface ChartView {
  title: string;
  /** What it tells, and what to think of it. */
  description: string;
  /** `figures`: one for the whole time. Otherwise, over time: `areas` lie upon each other. */
  look: 'figures' | 'lines' | 'areas';
  unit: 'count' | 'seconds' | 'share';
  series: SeriesView[];
}

export interface SeriesView {
  name: string;
  /** The same for the same labels in all charts, as long as the runtime lives: for a colour. */
  mark: number;
  /** At all times, null where there is none; of figures, one. */
  values: (number | null)[];
}
