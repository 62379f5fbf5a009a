import { stringify } from 'yaml';
import { job } from './dashboards/job.ts';
import { knative } from './dashboards/knative.ts';
import { people, peopleCharts } from './dashboards/people.ts';
import { pipeline } from './dashboards/pipeline.ts';
import { toGrafana } from './panel.ts';
import { groups } from './rules.ts';

export const dashboards = { people, pipeline, knative, job };

const made = '# Made by npm run monitoring from packages/monitoring: change that.\n';
const yaml = (content: object) => made + stringify(content, { lineWidth: 0 });

/** What is in config/monitoring besides what was written by hand. */
export function files(): Map<string, string> {
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'darkroom' },
    spec: { groups },
  };
  return new Map([
    ['rules.yaml', yaml({ groups })],
    ['prometheus-rule.yaml', yaml(rule)],
    ['charts.json', `${JSON.stringify(peopleCharts, null, 2)}\n`],
    ...Object.entries(dashboards).map(([name, dashboard]): [string, string] => [
      `dashboards/${name}.json`,
      `${JSON.stringify(toGrafana(dashboard), null, 2)}\n`,
    ]),
  ]);
}
