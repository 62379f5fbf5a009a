import type { IncomingMessage, ServerResponse } from 'node:http';
import { inVersion, isDecided, type Verb } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { Target } from './request.ts';
import { notFound } from './resources.ts';
import { StatusError } from './status-error.ts';
import { type Form, metadataOf, tableOf } from './table.ts';

/** A request about objects. */
export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  form: Form;
  target: Target;
}

export interface Answer {
  code: number;
  content: object;
}

/** @throws StatusError 405 */
export function verbOf(call: Call): Verb {
  const {
    request: { method = '' },
    query,
    target: { name },
  } = call;
  const isWatch = ['true', '1'].includes(query.get('watch') ?? '');
  if (method === 'GET') return isWatch ? 'watch' : name === undefined ? 'list' : 'get';
  const verbs: Record<string, Verb> =
    name === undefined ? { POST: 'create' } : { PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
  return verbs[method] ?? refuse(call);
}

function refuse(call: Call): never {
  throw notAllowed(call);
}

export function notAllowed({ request: { method }, target: { kind, subresource } }: Call): StatusError {
  const why = isDecided(kind) || subresource !== undefined ? '' : `; a ${kind.kind} follows from other objects`;
  return new StatusError(405, `the server does not allow ${method} on the requested resource${why}`);
}

/** @throws StatusError 404 */
export function missing({ target: { kind, name } }: Call): never {
  throw notFound(kind, name!);
}

/** An object as the client asked to see it. */
export function shown({ form, target: { kind, version }, query }: Call, stored: KubeObject, now: number): object {
  const object = inVersion(kind, stored, version);
  if (form === 'table') return tableOf(kind, [object], object.metadata.resourceVersion ?? '', now, query.get('includeObject'));
  return form === 'metadata' ? metadataOf(object) : object;
}
