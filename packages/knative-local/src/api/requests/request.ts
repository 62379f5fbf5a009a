import type { IncomingMessage, ServerResponse } from 'node:http';
import { inVersion, isDecided, type Kind, kinds, type Verb } from '../model/kinds.ts';
import type { KubeObject } from '../model/object.ts';
import { StatusError } from '../model/status-error.ts';
import { type Form, tableOf } from './table.ts';

/** A request about objects. */
export interface ApiRequest {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  form: Form;
  target: RequestTarget;
}

export interface ApiResponse {
  code: number;
  content: object;
}

/** Undefined if there is none for this method here. */
export function verbOf({ request: { method = '' }, query, target: { name } }: ApiRequest): Verb | undefined {
  const isWatch = ['true', '1'].includes(query.get('watch') ?? '');
  const verbs: Record<string, Verb> =
    name === undefined
      ? { GET: isWatch ? 'watch' : 'list', POST: 'create' }
      : { GET: isWatch ? 'watch' : 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
  return verbs[method];
}

export function notAllowed({ request: { method }, target: { kind, subresource } }: ApiRequest): StatusError {
  const why = isDecided(kind) || subresource !== undefined ? '' : `; a ${kind.kind} follows from other objects`;
  return new StatusError(405, `the server does not allow ${method} on the requested resource${why}`);
}

/** An object as the client asked to see it. */
export function shown({ form, target: { kind, version }, query }: ApiRequest, stored: KubeObject, now: number): object {
  const object = inVersion(kind, stored, version);
  return form === 'table'
    ? tableOf(kind, [object], { metadata: { resourceVersion: object.metadata.resourceVersion }, now, query })
    : object;
}

/** Which object or objects a request is about. */
export interface RequestTarget {
  kind: Kind;
  version: string;
  /** Undefined for all of them. */
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** The part of a path that names objects: `/apis/eventing.knative.dev/v1/namespaces/default/triggers/sepia`. Undefined if there is none. */
export function targetOf(path: string): RequestTarget | undefined {
  const [, core, group = '', named, rest = ''] = /^\/(?:api\/(v1)|apis\/([\w.-]+)\/(\w+))\/(.+?)\/?$/.exec(path) ?? [];
  const version = core ?? named;
  const steps = rest.split('/').map(decoded);
  const namespace = steps[0] === 'namespaces' && steps.length > 2 ? steps[1] : undefined;
  const [plural, name, subresource, ...more] = namespace === undefined ? steps : steps.slice(2);
  const kind = kinds.find((each) => each.group === group && each.plural === plural && each.versions.includes(version ?? ''));
  if (!kind || version === undefined || more.length > 0) return undefined;
  if (kind.namespaced && namespace === undefined && name !== undefined) return undefined;
  return { kind, version, namespace, name, subresource };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw new StatusError(400, `${step} is not a valid part of a path`);
  }
}

/**
 * In which form a client wants its answer.
 * @throws StatusError 406
 */
export function formOf({ headers: { accept = '*/*' } }: IncomingMessage): Form {
  for (const media of accept.split(',')) {
    const [type = '', ...parameters] = media
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const wanted = parameters.find((each) => each.startsWith('as='))?.slice(3);
    if (wanted === undefined) return 'object';
    if (wanted === 'table') return 'table';
  }
  throw new StatusError(406, 'only the following media types are accepted: application/json');
}

/** @throws StatusError 400 */
export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter(Boolean);
  if (values.some((value) => value !== 'All'))
    throw new StatusError(400, `dryRun: Unsupported value: ${JSON.stringify(values[0])}: supported values: "All"`);
  return values.length > 0;
}

/** @throws StatusError 400 */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw new StatusError(400, `${name}: ${JSON.stringify(text)} is not a whole number`);
}
