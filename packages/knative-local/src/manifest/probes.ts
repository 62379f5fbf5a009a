import type * as v from 'valibot';
import { limits } from '../limits.ts';
import type { func } from './func-schema.ts';
import type { container, probe } from './schema.ts';
import type { ProbeSpec } from './topology.ts';

type Health = Record<'readiness', ProbeSpec> & Partial<Record<'liveness', ProbeSpec>>;

/** Where a function answers by default. */
const endpoints = { readiness: '/health/readiness', liveness: '/health/liveness' };

/** The probes that `func deploy` makes from a func.yaml. */
export function ofFunction({ deploy }: v.InferOutput<typeof func>): Health {
  const { readiness = endpoints.readiness, liveness = endpoints.liveness } = deploy?.healthEndpoints ?? {};
  return { readiness: complete(undefined, readiness), liveness: complete(undefined, liveness) };
}

/** The probes of a container. Only those in the manifest are made; a starting function is checked for readiness regardless. */
export function ofContainer({ readinessProbe, livenessProbe }: v.InferOutput<typeof container>): Health {
  return {
    readiness: complete(readinessProbe, endpoints.readiness),
    ...(livenessProbe?.httpGet && { liveness: complete(livenessProbe, endpoints.liveness) }),
  };
}

function complete(written: v.InferOutput<typeof probe> | undefined, path: string): ProbeSpec {
  const { period, timeout, failureThreshold } = limits.probe;
  return {
    path: written?.httpGet?.path ?? path,
    // 0 stands for the default, as in Kubernetes.
    period: (written?.periodSeconds || 0) * 1000 || period,
    timeout: (written?.timeoutSeconds || 0) * 1000 || timeout,
    failureThreshold: written?.failureThreshold || failureThreshold,
  };
}
