import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kubectl, openKubectl } from '../../scripts/kubectl.ts';
import { repository } from './repository.ts';

const config = join(repository, 'config/monitoring');
const name = 'prometheus';
/** Where Knative runs what it measures. */
const observed = ['knative-serving', 'knative-eventing'].map((namespace) => openKubectl(namespace));

export interface Series {
  metric: Record<string, string>;
  values: [seconds: number, value: string][];
}

/** Prometheus on the cluster, as config/monitoring/prometheus-kubernetes.yml sets it up. */
export interface Prometheus {
  /**
   * What a panel would draw from then until now.
   * @param since in milliseconds since 1970
   */
  draw(expr: string, since: number): Promise<Series[]>;
  /** The sum of what is there now; 0 if nothing is. */
  sum(expr: string): Promise<number>;
  remove(): Promise<void>;
}

/** Deploys it beside the functions that it reads. */
export async function deployPrometheus(kubectl: Kubectl, image: string): Promise<Prometheus> {
  const { namespace } = kubectl;
  const read = (file: string) => readFile(join(config, file), 'utf8');
  const data = {
    'prometheus.yml': (await read('prometheus-kubernetes.yml')).replaceAll('names: [darkroom]', `names: [${namespace}]`),
    'rules.yaml': await read('rules.yaml'),
  };
  const args = ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/data'];
  const volumeMounts = [
    { name: 'config', mountPath: '/etc/prometheus' },
    { name: 'data', mountPath: '/data' },
  ];
  const readinessProbe = { httpGet: { path: '/-/ready', port: 9090 } };
  const pod = {
    serviceAccountName: name,
    containers: [{ name, image, args, ports: [{ containerPort: 9090 }], volumeMounts, readinessProbe }],
    volumes: [
      { name: 'config', configMap: { name } },
      { name: 'data', emptyDir: {} },
    ],
  };
  const labels = { app: name };
  const metadata = { name };
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 9090 }] } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
  ];
  await kubectl.run(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const binding = `${namespace}-${name}`;
  for (const each of [kubectl, ...observed])
    await each.run(['create', 'rolebinding', binding, '--clusterrole=view', `--serviceaccount=${namespace}:${name}`]);
  await kubectl.run(['rollout', 'status', `deployment/${name}`, '--timeout=180s']);

  async function ask<Result>(endpoint: string, parameters: Record<string, string>): Promise<Result[]> {
    const proxy = `/api/v1/namespaces/${namespace}/services/${name}:9090/proxy`;
    const answer = await kubectl.run(['get', '--raw', `${proxy}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`]);
    return (JSON.parse(answer) as { data: { result: Result[] } }).data.result;
  }

  return {
    draw: (query, since) => ask('query_range', { query, start: String(since / 1000), end: String(Date.now() / 1000), step: '5' }),
    async sum(query) {
      const [all] = await ask<{ value: [number, string] }>('query', { query: `sum(${query})` });
      return Number(all?.value[1] ?? 0);
    },
    async remove() {
      for (const each of observed) await each.run(['delete', 'rolebinding', binding]);
    },
  };
}
