import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Environment, readConfig, url } from '@darkroom/shared/config';
import { Misconfigured } from '@darkroom/shared/errors';
import * as v from 'valibot';
import { metricsText } from './evidence/metrics-text.ts';
import { prometheus } from './evidence/prometheus.ts';
import type { Witness } from './evidence/witness.ts';
import { kubeconfigPath } from './kubernetes/credentials.ts';
import type { Sink } from './notice.ts';

const schema = {
  DATA_DIR: v.optional(v.string(), '.darkroom'),
  PROMETHEUS_URL: v.optional(url('http:', 'https:')),
  K_SINK: v.optional(url('http:', 'https:')),
};

/** What `npm start` says of itself. */
const runtimeFile = v.object({ metricsUrl: v.string(), brokerUrl: v.string(), token: v.string() });

/** Where the cluster, the metrics and the broker are. `npm start` is looked for at each use: it may have been started anew. */
export interface Surroundings {
  kubeconfig: string | undefined;
  /** @throws Misconfigured */
  witness(namespace: string): Witness;
  /** Undefined where nobody can be told. */
  sink(): Promise<Sink | undefined>;
}

/** @throws Misconfigured */
export function readSurroundings(environment: Environment = process.env): Surroundings {
  const { DATA_DIR, PROMETHEUS_URL, K_SINK } = readConfig(schema, environment);
  const kubeconfig = kubeconfigPath(environment, resolve(DATA_DIR, 'kubeconfig'));
  const runtime = kubeconfig === undefined ? undefined : join(dirname(kubeconfig), 'runtime.json');
  const isLocal = runtime !== undefined && (existsSync(runtime) || kubeconfig === resolve(DATA_DIR, 'kubeconfig'));

  async function readRuntime() {
    const text = await readFile(runtime!, 'utf8').catch((cause: unknown) => {
      throw new Misconfigured(`${runtime} is not there: npm start does not run. Start it, or set KUBECONFIG to a cluster.`, {
        cause,
      });
    });
    return v.parse(runtimeFile, JSON.parse(text));
  }

  return {
    kubeconfig,
    witness(namespace) {
      if (PROMETHEUS_URL !== undefined) return prometheus(PROMETHEUS_URL, isLocal ? undefined : namespace);
      if (isLocal) return metricsText(async () => (await readRuntime()).metricsUrl);
      throw new Misconfigured('PROMETHEUS_URL is missing: on a cluster, a rollout is judged by what Prometheus has seen.');
    },
    async sink() {
      if (K_SINK !== undefined) return { url: K_SINK, token: environment['EVENT_TOKEN'] };
      if (!isLocal) return undefined;
      const { brokerUrl, token } = await readRuntime();
      return { url: brokerUrl, token };
    },
  };
}
