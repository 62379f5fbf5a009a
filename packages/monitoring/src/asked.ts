import { alerts } from './alerts.ts';
import { dashboards } from './files.ts';
import type { Query } from './panel.ts';

/** A query that somebody asks Prometheus. */
export interface Asked {
  /** Who asks: board and panel, or the alert. */
  by: string;
  expr: string;
  only?: Query['only'];
  rare?: boolean;
}

/** What Grafana puts in place of its own variables. */
interface Span {
  /** "1h" */
  range: string;
  /** At least four scrape intervals: "1m". */
  rateInterval: string;
}

/** What the alerts watch, whether or not they fire. */
export const watched: Asked[] = alerts.map(({ name, query, rare }) => ({
  by: name,
  expr: query,
  ...(rare !== undefined && { rare }),
}));

/** The queries of all panels that are answered by Prometheus, as Grafana sends them. */
export function asked({ range, rateInterval }: Span): Asked[] {
  return Object.values(dashboards).flatMap(({ title: board, rows }) =>
    rows
      .flatMap(({ panels }) => panels)
      .filter(({ source = 'prometheus' }) => source === 'prometheus')
      .flatMap(({ title, queries }) =>
        queries.map(({ expr, only, rare }, index) => ({
          by: `${board}: ${title}${index > 0 ? ` (${index + 1})` : ''}`,
          expr: expr.replaceAll('$__range', range).replaceAll('$__rate_interval', rateInterval),
          ...(only !== undefined && { only }),
          ...(rare !== undefined && { rare }),
        })),
      ),
  );
}
