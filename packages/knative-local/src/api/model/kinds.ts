import type { KubeObject } from './object.ts';
import { type Details, StatusError } from './status-error.ts';

export interface Kind {
  /** "" for Kubernetes' own. */
  group: string;
  /** The first is the one that is kept. */
  versions: [string, ...string[]];
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  verbs: Verb[];
  /** From the version that is kept into another that is served, and back. */
  convert?: (object: KubeObject, version: string) => KubeObject;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

const read: Verb[] = ['get', 'list', 'watch'];
const all: Verb[] = [...read, 'create', 'update', 'patch', 'delete'];

function define(group: string, versions: [string, ...string[]], kind: string, verbs: Verb[], rest: Partial<Kind> = {}): Kind {
  const singular = kind.toLowerCase();
  const area = /^(\w+)\.knative\.dev$/.exec(group)?.[1];
  return {
    group,
    versions,
    kind,
    verbs,
    singular,
    plural: `${singular}s`,
    shortNames: [],
    namespaced: true,
    categories: area ? ['all', 'knative', area] : [],
    ...rest,
  };
}

/** v1beta3 has type and source among the attributes; earlier versions have a field for each. */
function convertEventType(object: KubeObject, version: string): KubeObject {
  const {
    attributes = [],
    type,
    source,
    ...rest
  } = (object['spec'] ?? {}) as {
    attributes?: { name: string; value?: string; required?: boolean }[];
    type?: string;
    source?: string;
  };
  const apiVersion = `eventing.knative.dev/${version}`;
  if (version === 'v1beta3') {
    const named = Object.entries({ type, source }).filter(([, value]) => value !== undefined);
    const added = named.map(([name, value]) => ({ name, required: true, value: value! }));
    const others = attributes.filter(({ name }) => !added.some((each) => each.name === name));
    return { ...object, apiVersion, spec: { ...rest, attributes: [...added, ...others] } };
  }
  const valueOf = (name: string) => attributes.find((each) => each.name === name)?.value;
  const fields = Object.entries({ type: valueOf('type'), source: valueOf('source') }).filter(([, value]) => value !== undefined);
  return { ...object, apiVersion, spec: { ...rest, ...Object.fromEntries(fields) } };
}

/**
 * Every kind that is answered. kn asks CustomResourceDefinitions which sources of events there are. Revisions, Routes, Configurations and
 * Pods follow from the others: clients read them, and may delete a Pod, or a Revision that gets no traffic.
 */
export const kinds: readonly Kind[] = [
  define('apiextensions.k8s.io', ['v1'], 'CustomResourceDefinition', read, { shortNames: ['crd'], namespaced: false }),
  define('', ['v1'], 'Namespace', read, { shortNames: ['ns'], namespaced: false }),
  define('', ['v1'], 'ConfigMap', all, { shortNames: ['cm'] }),
  define('', ['v1'], 'Secret', all),
  define('', ['v1'], 'Pod', [...read, 'delete'], { shortNames: ['po'], categories: ['all'] }),
  define('', ['v1'], 'Event', read, { shortNames: ['ev'] }),
  define('serving.knative.dev', ['v1'], 'Service', all, { shortNames: ['kservice', 'ksvc'] }),
  define('serving.knative.dev', ['v1'], 'Revision', [...read, 'update', 'patch', 'delete'], { shortNames: ['rev'] }),
  define('serving.knative.dev', ['v1'], 'Route', read, { shortNames: ['rt'] }),
  define('serving.knative.dev', ['v1'], 'Configuration', read, { shortNames: ['config', 'cfg'] }),
  define('eventing.knative.dev', ['v1'], 'Broker', all),
  define('eventing.knative.dev', ['v1'], 'Trigger', all),
  define('eventing.knative.dev', ['v1beta3', 'v1beta2'], 'EventType', all, { convert: convertEventType }),
  define('sources.knative.dev', ['v1', 'v1beta2'], 'PingSource', all, {
    convert: (object, version) => ({ ...object, apiVersion: `sources.knative.dev/${version}` }),
  }),
];

export function apiVersionOf({ group, versions }: Kind, version: string = versions[0]): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The kind that a document of the manifests has here; undefined if it is only for a cluster. */
export function kindOf({ apiVersion, kind }: { apiVersion: string; kind: string }): Kind | undefined {
  return kinds.find((each) => each.kind === kind && each.versions.some((version) => apiVersionOf(each, version) === apiVersion));
}

/** Kinds that files and clients decide on; the others follow from them. */
export const isDecided = (kind: Kind) => kind.verbs.includes('create');

/** `services.serving.knative.dev`, as errors name a resource. */
export function resourceOf({ plural, group }: Kind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Which object a Status is about. */
export function detailsOf({ plural, group }: Kind, name: string): Details {
  return { name, group, kind: plural };
}

/** @throws StatusError 404 */
export function missing(kind: Kind, name: string): never {
  throw new StatusError(404, `${resourceOf(kind)} ${JSON.stringify(name)} not found`, { details: detailsOf(kind, name) });
}

/** An object in another version. */
export function inVersion(kind: Kind, object: KubeObject, version: string): KubeObject {
  return object.apiVersion === apiVersionOf(kind, version) ? object : (kind.convert?.(object, version) ?? object);
}
