import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import * as schemas from '../../manifest/schema.ts';
import { apiVersionOf, type Kind, kinds } from '../model/kinds.ts';
import { type Fields, isFields } from '../model/object.ts';

const written: Record<string, v.GenericSchema> = {
  Service: schemas.service,
  Broker: schemas.broker,
  Trigger: schemas.trigger,
  EventType: schemas.eventType,
  PingSource: schemas.pingSource,
  ConfigMap: schemas.configMap,
  Secret: schemas.secret,
};

/**
 * The schemas of the kinds as OpenAPI 3, from those by which manifests are checked: `kubectl explain` shows them. What a cluster knows
 * beyond them is accepted as well; whether an object is right is decided when it comes.
 * @returns undefined for a path that is not about this
 */
export function openapi(path: string): object | undefined {
  const versions = [...new Set(kinds.flatMap((kind) => kind.versions.map((version) => apiVersionOf(kind, version))))];
  if (path === '/openapi/v3') {
    const paths = versions.map((each) => [pathOf(each), { serverRelativeURL: `/openapi/v3/${pathOf(each)}` }]);
    return { paths: Object.fromEntries(paths) as object };
  }
  const wanted = versions.find((each) => path === `/openapi/v3/${pathOf(each)}`);
  return wanted === undefined ? undefined : documentOf(wanted);
}

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
}

function documentOf(apiVersion: string): object {
  const version = apiVersion.split('/').at(-1)!;
  const found = kinds.filter((kind) => kind.versions.includes(version) && apiVersionOf(kind, version) === apiVersion);
  return {
    openapi: '3.0.0',
    info: { title: 'knative-local', version: 'v1' },
    paths: Object.fromEntries(found.flatMap((kind) => pathsOf(kind, version))) as object,
    components: { schemas: Object.fromEntries(found.map((kind) => [nameOf(kind, version), schemaOf(kind, version)])) as object },
  };
}

/** kubectl looks here for what an operation can do: `dryRun` and `fieldValidation`, and which patches a kind takes. */
function pathsOf(kind: Kind, version: string): [string, object][] {
  const gvk = { group: kind.group, version, kind: kind.kind };
  const home = `/${pathOf(apiVersionOf(kind, version))}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`;
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${nameOf(kind, version)}` } } };
  const operation = { 'x-kubernetes-group-version-kind': gvk, responses: { '200': { description: 'OK', content } } };
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }));
  const change = { ...operation, parameters };
  const patches = patchTypesOf(kind).map((type) => [type, { schema: { type: 'object' } }]);
  const patch = { ...change, requestBody: { content: Object.fromEntries(patches) as object } };
  const writable = kind.verbs.includes('create');
  return [
    [home, { get: operation, ...(writable && { post: change }) }],
    [`${home}/{name}`, { get: operation, ...(writable && { put: change, patch, delete: change }) }],
  ];
}

/** Only Kubernetes' own kinds take a strategic merge patch. */
export function patchTypesOf({ group }: Kind): string[] {
  const types = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
  return group === '' ? [...types, 'application/strategic-merge-patch+json'] : types;
}

function nameOf({ group, kind }: Kind, version: string): string {
  const home = group === '' ? 'io.k8s.api.core' : group.split('.').toReversed().join('.');
  return `${home}.${version}.${kind}`;
}

function schemaOf(kind: Kind, version: string): object {
  const text = { type: 'string' };
  const texts = { type: 'object', additionalProperties: text };
  const metadata = { name: text, namespace: text, labels: texts, annotations: texts };
  const known = written[kind.kind];
  const { properties = {}, $defs = {} } = known
    ? (toJsonSchema(known, { errorMode: 'ignore', typeMode: 'input' }) as Fields)
    : {};
  const own = inlined(properties, $defs as Fields) as Fields;
  return {
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: kind.group, version, kind: kind.kind }],
    'x-kubernetes-preserve-unknown-fields': true,
    properties: {
      spec: anything,
      status: anything,
      ...own,
      apiVersion: text,
      kind: text,
      metadata: { type: 'object', properties: metadata },
    },
  };
}

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Puts definitions where they are used, since OpenAPI keeps them elsewhere; within themselves, they are any object. */
function inlined(schema: unknown, definitions: Fields, within: string[] = []): unknown {
  if (Array.isArray(schema)) return schema.map((each) => inlined(each, definitions, within));
  if (!isFields(schema)) return schema;
  const { $ref: reference, propertyNames: _, ...rest } = schema;
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1)!;
    return within.includes(name) ? anything : inlined(definitions[name], definitions, [...within, name]);
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inlined(value, definitions, within)]));
}
