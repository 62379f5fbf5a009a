import * as v from 'valibot';
import { StatusError } from './status-error.ts';

export type Fields = Record<string, unknown>;

export interface Metadata extends Fields {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  managedFields?: ManagedFields[];
}

/** What a client said by server-side apply: the names of the fields, as in `fieldsV1`. */
export interface ManagedFields extends Fields {
  manager: string;
  operation: 'Apply';
  fieldsV1: Fields;
}

/** Any object of the Kubernetes API. */
export interface KubeObject extends Fields {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

const texts = v.record(v.string(), v.string());
const name = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const managed = v.looseObject({ manager: v.string(), fieldsV1: v.record(v.string(), v.unknown()) });
const envelope = v.looseObject({
  apiVersion: v.string(),
  kind: v.string(),
  metadata: v.looseObject({
    name: v.pipe(v.string(), v.maxLength(253), v.regex(name, 'must be lower-case letters, digits, dots and dashes')),
    namespace: v.optional(v.string()),
    labels: v.optional(v.nullable(texts)),
    annotations: v.optional(v.nullable(texts)),
    uid: v.optional(v.string()),
    resourceVersion: v.optional(v.string()),
    managedFields: v.optional(v.nullable(v.array(managed))),
  }),
});

/** @throws StatusError 422 with every field that keeps it from being an object at all */
export function asObject(value: unknown): KubeObject {
  const read = v.safeParse(envelope, value);
  if (read.success) return read.output as KubeObject;
  const faults = read.issues.map((issue) => `${v.getDotPath(issue) ?? 'the object'}: ${issue.message}`);
  throw new StatusError(422, faults.join('; '));
}

/** One machine has one namespace, so kind and name are enough. */
export function keyOf({ kind, metadata }: { kind: string; metadata: { name: string } }): string {
  return `${kind}/${metadata.name}`;
}

/** What somebody decided about an object: everything but what the control plane itself writes. */
export function contentOf(object: KubeObject): KubeObject {
  const { status: _, metadata, ...rest } = object;
  const { name: called, labels, annotations, managedFields } = metadata;
  const given = {
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...(annotations && Object.keys(annotations).length > 0 && { annotations }),
    ...(managedFields && managedFields.length > 0 && { managedFields }),
  };
  return { ...rest, metadata: { name: called, ...given } };
}

/** JSON with sorted keys, and without fields that are null, so that equal objects are equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isFields(each)
      ? Object.fromEntries(
          Object.entries(each)
            .filter(([, field]) => field !== null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : each,
  );
}

/** The same without fields that are empty, which typed clients add. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, withoutEmpty(field)] as const);
  return Object.fromEntries(entries.filter(([, field]) => !isEmpty(field)));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field at "status.url"; undefined where there is none. */
export function fieldOf(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((parent, key) => (isFields(parent) ? parent[key] : undefined), object);
}

/** The same as text, for comparisons; a number or truth value as it is written, anything else as "". */
export function textOf(object: unknown, path: string): string {
  const field = fieldOf(object, path);
  return typeof field === 'string' ? field : typeof field === 'number' || typeof field === 'boolean' ? String(field) : '';
}

/** As Kubernetes writes time. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
