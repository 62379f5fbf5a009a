import { type Alert, alerts, runbookOf } from './alerts.ts';
import { recordings } from './recordings.ts';

/** Where runbooks are read. */
const runbooks = 'docs/runbooks';

/** Rule groups as Prometheus reads them. */
export const groups = [
  { name: 'darkroom.growth', rules: recordings },
  { name: 'darkroom.alerts', rules: alerts.map(ruleOf) },
];

function ruleOf(alert: Alert) {
  const { name, severity, query, when, lasts, summary } = alert;
  return {
    alert: name,
    expr: `${query} ${when}`,
    for: lasts,
    labels: { severity },
    annotations: { summary, runbook: `${runbooks}/${runbookOf(alert)}` },
  };
}
