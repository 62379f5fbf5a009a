import * as v from 'valibot';
import { type KubernetesApi, Refused } from './api.ts';

const condition = v.object({
  type: v.string(),
  status: v.string(),
  reason: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
});
const target = v.object({
  revisionName: v.exactOptional(v.string()),
  latestRevision: v.exactOptional(v.boolean()),
  tag: v.exactOptional(v.string()),
  percent: v.nullish(v.number(), 0),
});
const service = v.object({
  metadata: v.object({
    name: v.string(),
    resourceVersion: v.string(),
    annotations: v.optional(v.record(v.string(), v.string()), {}),
  }),
  spec: v.object({ traffic: v.optional(v.array(target), []) }),
  status: v.optional(v.object({ latestReadyRevisionName: v.exactOptional(v.string()) }), {}),
});
const revision = v.object({
  status: v.optional(v.object({ conditions: v.optional(v.array(condition), []) }), { conditions: [] }),
});

export type Service = v.InferOutput<typeof service>;
/** Where a Service sends a share of its requests. */
export type Target = v.InferOutput<typeof target>;

/** What may be changed about a Service, at once. */
export interface ServiceChange {
  traffic?: Target[];
  annotations: Record<string, string | null>;
}

/**
 * Whether a revision can take requests; if not, why, in Knative's words, and whether that may change by itself. A revision that was ready
 * once stays so for Knative, even if all its pods fall over when they start: requests then wait.
 */
export type Readiness = { ready: true } | { ready: false; certain: boolean; why: string };

/** Knative Services and their revisions. */
export interface Services {
  /** @throws Refused */
  read(name: string): Promise<Service>;
  /** @returns the Service as it is then @throws Refused with 409 if the Service is not any more what `seen` says */
  change(seen: Service, change: ServiceChange): Promise<Service>;
  readiness(revision: string): Promise<Readiness>;
}

export function services(api: KubernetesApi, namespace: string): Services {
  const pathOf = (kind: string, name: string) =>
    `/apis/serving.knative.dev/v1/namespaces/${encodeURIComponent(namespace)}/${kind}/${encodeURIComponent(name)}`;
  return {
    read: async (name) => v.parse(service, await api.get(pathOf('services', name))),
    async change({ metadata: { name, resourceVersion } }, { traffic, annotations }) {
      const patch = { metadata: { resourceVersion, annotations }, ...(traffic && { spec: { traffic } }) };
      return v.parse(service, await api.patch(pathOf('services', name), patch));
    },
    async readiness(name) {
      const found = await api.get(pathOf('revisions', name)).catch((error: unknown) => {
        if (error instanceof Refused && error.status === 404) return undefined;
        throw error;
      });
      if (found === undefined) return { ready: false, certain: true, why: 'there is no such revision' };
      const { conditions } = v.parse(revision, found).status;
      const [ready, active] = ['Ready', 'Active'].map((wanted) => conditions.find(({ type }) => type === wanted));
      if (ready?.status === 'True' && active?.status !== 'Unknown') return { ready: true };
      const lacking = ready?.status === 'True' ? active : ready;
      const why = [lacking?.reason, lacking?.message].filter(Boolean).join(': ') || 'Knative has not looked at it yet';
      return { ready: false, certain: lacking?.status === 'False', why };
    },
  };
}
