import type { ChartsView } from '../src/charts/view.ts';
import { type ChartCard, createChartCard } from './chart-card.ts';
import { element, make } from './dom.ts';
import { ask, complain } from './server.ts';

/** Milliseconds between two looks: the runtime reads its processes as often. */
const interval = 5000;

/** What the project has described of its metrics. While nobody sees it, nothing is asked for. */
export interface ChartSection {
  /** Asks whether there is any, once the runtime can be reached. */
  begin(): void;
}

export function createCharts(): ChartSection {
  const section = element('#charts');
  const minutes = element<HTMLSelectElement>('#minutes');
  let cards: ChartCard[] = [];
  let seen = false;
  let timer = 0;

  async function look(): Promise<void> {
    clearTimeout(timer);
    try {
      draw(await ask<ChartsView>(`charts?minutes=${minutes.value}`));
    } catch (error) {
      complain(error);
    }
    clearTimeout(timer);
    if (seen && !document.hidden) timer = setTimeout(() => void look(), interval);
  }

  function draw({ times, rows }: ChartsView): void {
    const charts = rows.flatMap((row) => row.charts);
    section.hidden = charts.length === 0;
    element('#to-charts').hidden = section.hidden;
    // Those that a person is looking through stay.
    if (cards.length !== charts.length) {
      cards = charts.map(createChartCard);
      let placed = 0;
      element('#chart-rows').replaceChildren(
        ...rows.flatMap((row) => {
          const own = cards.slice(placed, (placed += row.charts.length));
          return [make('h3', {}, row.title), make('div', { className: 'charts' }, ...own.map(({ root }) => root))];
        }),
      );
    }
    charts.forEach((chart, index) => cards[index]!.update(chart, times));
  }

  new IntersectionObserver((entries) => {
    const before = seen;
    seen = entries.at(-1)!.isIntersecting;
    if (seen && !before) void look();
    if (!seen) clearTimeout(timer);
  }).observe(section);
  minutes.addEventListener('change', () => void look());
  document.addEventListener('visibilitychange', () => {
    if (seen && !document.hidden) void look();
  });
  return {
    begin() {
      if (!seen) void look();
    },
  };
}
