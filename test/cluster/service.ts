import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Resource } from '../../scripts/kubectl.ts';

interface Func {
  name: string;
  runtime: string;
  run: { envs: { name?: string; value: string }[] };
  deploy: {
    labels?: { key: string; value: string }[];
    options: {
      scale: { min: number; max: number; metric: string; target: number };
      resources: { requests: Record<string, string>; limits: Record<string, string | number> };
    };
  };
}

/**
 * The Service that `func deploy --build=false` makes of a function's func.yaml: func needs a container engine, but verifying a
 * cluster must not. Source: pkg/deployer/knative of func 1.23.
 */
export async function serviceOf(folder: string, image: string, namespace: string): Promise<Resource> {
  const { name, runtime, run, deploy } = parse(await readFile(join(folder, 'func.yaml'), 'utf8')) as Func;
  const { scale, resources } = deploy.options;
  const { concurrency, ...limits } = resources.limits;
  const labels = {
    'boson.dev/function': 'true',
    'function.knative.dev/name': name,
    'function.knative.dev/runtime': runtime,
    ...Object.fromEntries((deploy.labels ?? []).map(({ key, value }) => [key, value])),
  };
  const annotations = { 'function.knative.dev/deployer': 'knative' };
  const scaling = {
    'autoscaling.knative.dev/min-scale': String(scale.min),
    'autoscaling.knative.dev/max-scale': String(scale.max),
    'autoscaling.knative.dev/metric': scale.metric,
    'autoscaling.knative.dev/target': String(scale.target),
  };
  const probe = (path: string) => ({ httpGet: { path: `/health/${path}`, port: 8080 } });
  const container = {
    image,
    ...environmentOf(run.envs),
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    livenessProbe: probe('liveness'),
    readinessProbe: probe('readiness'),
    resources: { requests: resources.requests, limits },
  };
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace, labels, annotations },
    spec: {
      template: {
        metadata: { labels, annotations: { ...annotations, ...scaling } },
        spec: { containerConcurrency: concurrency ?? 0, containers: [container] },
      },
    },
  };
}

function environmentOf(envs: Func['run']['envs']) {
  const env: unknown[] = [{ name: 'ADDRESS', value: '0.0.0.0' }];
  const envFrom: unknown[] = [];
  for (const { name, value } of envs) {
    const [, source, from, key] = /^\{\{ *(secret|configMap):([^:} ]+)(?::([^} ]+))? *\}\}$/.exec(value) ?? [];
    if (name === undefined) envFrom.push({ [source === 'secret' ? 'secretRef' : 'configMapRef']: { name: from } });
    else if (source === undefined) env.push({ name, value });
    else env.push({ name, valueFrom: { [source === 'secret' ? 'secretKeyRef' : 'configMapKeyRef']: { name: from, key } } });
  }
  return { env, envFrom };
}
