import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
  /** Ends the way to it, and leaves it where it is. */
  close(): void;
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

  // A process of kubectl for each query would take a hundred times as long.
  const tunnel = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(createInterface(tunnel.stdout), 'line')) as [string];
  const address = `http://${/127\.0\.0\.1:\d+/.exec(line)![0]}/api/v1/namespaces/${namespace}/services/${name}:9090/proxy/api/v1`;

  async function ask<Result>(endpoint: string, parameters: Record<string, string>): Promise<Result[]> {
    const answer = await fetch(`${address}/${endpoint}?${new URLSearchParams(parameters).toString()}`);
    if (!answer.ok) throw new Error(`Prometheus answers ${answer.status}: ${await answer.text()}`);
    return ((await answer.json()) as { data: { result: Result[] } }).data.result;
  }

  return {
    draw: (query, since) => ask('query_range', { query, start: String(since / 1000), end: String(Date.now() / 1000), step: '5' }),
    async sum(query) {
      const [all] = await ask<{ value: [number, string] }>('query', { query: `sum(${query})` });
      return Number(all?.value[1] ?? 0);
    },
    close: () => void tunnel.kill(),
    async remove() {
      for (const each of observed) await each.run(['delete', 'rolebinding', binding]);
    },
  };
}
