import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { serverSideApply } from './apply.ts';
import { readBody } from './body.ts';
import { subresourcesOf } from './discovery.ts';
import { apiVersionOf, inVersion, isDecided, type Verb } from './kinds.ts';
import type { LogBook } from './log-book.ts';
import { asObject, isFields, type KubeObject, timestamp } from './object.ts';
import { patchTypesOf } from './openapi.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from './patch.ts';
import type { Pods } from './pods.ts';
import type { Registry } from './registry.ts';
import { isDryRun, type Target } from './request.ts';
import { notFound, type Resources, type Wish } from './resources.ts';
import { fieldSelector, labelSelector } from './selector.ts';
import { StatusError, success } from './status-error.ts';
import { watch, writeLog } from './stream.ts';
import { type Form, metadataOf, tableOf } from './table.ts';

export interface EndpointOptions {
  registry: Registry;
  resources: Resources;
  pods: Pods;
  book: LogBook;
  namespace: string;
  clock: Clock;
}

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

/** Requests about objects. Resolves with undefined if the answer is a stream, which has begun. */
export function createEndpoint(options: EndpointOptions): (call: Call) => Promise<Answer | undefined> {
  const { registry, resources, pods, book, namespace, clock } = options;

  return async (call) => {
    const { request, target } = call;
    const { kind, name, subresource } = target;
    if (subresource !== undefined && !subresourcesOf(kind).includes(subresource))
      throw new StatusError(404, 'the server could not find the requested resource');
    const verb = verbOf(call);
    if (!kind.verbs.includes(verb) || (subresource !== undefined && verb !== 'get')) throw notAllowed(call);
    const elsewhere = target.namespace !== undefined && target.namespace !== namespace;
    if (elsewhere && name !== undefined) throw notFound(kind, name);
    if (elsewhere && verb === 'create')
      throw new StatusError(
        404,
        `namespaces ${JSON.stringify(target.namespace)} not found; one machine has one namespace, ${namespace}`,
      );
    switch (verb) {
      case 'list':
        return list(call, elsewhere);
      case 'watch':
        return watched(call, elsewhere);
      case 'get':
        return get(call, name!);
      case 'delete':
        return remove(call, name!);
      case 'create':
        return create(call);
      case 'update': {
        const body = await sent(request);
        return put(call, name!, (now) => (now ? body : missing(call)), 200);
      }
      case 'patch':
        return patch(call, name!);
    }
  };

  function list(call: Call, elsewhere: boolean): Answer {
    const { kind, version } = call.target;
    const matches = selected(call);
    const found = elsewhere
      ? []
      : registry
          .list(kind.kind)
          .filter(matches)
          .map((object) => inVersion(kind, object, version));
    const resourceVersion = String(registry.version);
    if (call.form === 'table')
      return { code: 200, content: tableOf(kind, found, resourceVersion, clock.now(), call.query.get('includeObject')) };
    const metadata = { resourceVersion };
    if (call.form === 'metadata')
      return {
        code: 200,
        content: { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: found.map(metadataOf) },
      };
    return { code: 200, content: { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind, version), metadata, items: found } };
  }

  function watched(call: Call, elsewhere: boolean): undefined {
    const { kind } = call.target;
    const matches = elsewhere ? () => false : selected(call);
    watch(call.response, {
      registry,
      clock,
      kind: kind.kind,
      matches,
      query: call.query,
      written: (object) => shown(call, object),
    });
  }

  function get(call: Call, name: string): Answer | undefined {
    const { kind, subresource } = call.target;
    const object = registry.get(kind.kind, name) ?? missing(call);
    if (subresource !== 'log') return { code: 200, content: shown(call, object) };
    const container = call.query.get('container') ?? 'user-container';
    if (container !== 'user-container') throw new StatusError(400, `container ${container} is not valid for pod ${name}`);
    writeLog(call.response, { book, source: pods.find(name)?.process ?? missing(call), query: call.query, clock });
    return undefined;
  }

  async function remove(call: Call, name: string): Promise<Answer> {
    const { kind } = call.target;
    const body = call.request.headers['content-length'] === '0' || !hasBody(call.request) ? {} : await readBody(call.request);
    const { preconditions, dryRun } = (isFields(body) ? body : {}) as {
      preconditions?: { uid?: string; resourceVersion?: string };
      dryRun?: string[];
    };
    const { uid, resourceVersion } = preconditions ?? {};
    const accepts = ({ metadata }: KubeObject) => {
      if (
        (uid !== undefined && uid !== metadata.uid) ||
        (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      )
        throw new StatusError(409, `Precondition failed: the object is ${metadata.uid} at ${metadata.resourceVersion}`);
    };
    const gone = await resources.remove(kind, name, accepts, {
      ...optionsOf(call),
      dryRun: isDryRun(call.query) || Boolean(dryRun?.length),
    });
    return { code: 200, content: success({ name, group: kind.group, kind: kind.plural, uid: gone.metadata.uid! }) };
  }

  async function create(call: Call): Promise<Answer> {
    const body = await sent(call.request);
    const metadata = isFields(body) && isFields(body['metadata']) ? body['metadata'] : {};
    const prefix = metadata['generateName'];
    if (isFields(body) && metadata['name'] === undefined && typeof prefix === 'string')
      body['metadata'] = { ...metadata, name: `${prefix}${crypto.randomUUID().slice(0, 5)}` };
    const { name } = asObject(body).metadata;
    const { kind } = call.target;
    const exists = () => {
      throw new StatusError(409, `${kind.plural}.${kind.group} ${JSON.stringify(name)} already exists`, {
        reason: 'AlreadyExists',
        details: { name, group: kind.group, kind: kind.plural },
      });
    };
    return put(call, name, (now) => (now ? exists() : body), 201);
  }

  async function patch(call: Call, name: string): Promise<Answer> {
    const { kind, version } = call.target;
    const type = call.request.headers['content-type']?.split(';')[0]?.trim() ?? '';
    const accepted = patchTypesOf(kind);
    if (!accepted.includes(type))
      throw new StatusError(
        415,
        `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
      );
    const body = await readBody(call.request);
    const merge =
      { 'application/json-patch+json': jsonPatch, 'application/strategic-merge-patch+json': strategicMergePatch }[type] ??
      mergePatch;
    if (type !== 'application/apply-patch+yaml') return put(call, name, (now) => merge(now ?? missing(call), body), 200);

    const manager = call.query.get('fieldManager');
    if (!manager) throw new StatusError(422, 'fieldManager: is required for apply patch');
    const given = { apiVersion: apiVersionOf(kind, version), kind: kind.kind, ...(body as object) };
    const applied = asObject({ ...given, metadata: { name, ...(given as { metadata?: object }).metadata } });
    const force = call.query.get('force') === 'true';
    return put(call, name, (now) => serverSideApply(now, applied, { manager, force, time: timestamp(clock.now()) }), 200);
  }

  async function put(call: Call, name: string, wish: Wish, code: number): Promise<Answer> {
    const { object, created } = await resources.put(call.target.kind, name, wish, optionsOf(call));
    return { code: created ? 201 : code, content: shown(call, object) };
  }

  function shown({ form, target: { kind, version }, query }: Call, stored: KubeObject): object {
    const object = inVersion(kind, stored, version);
    if (form === 'table')
      return tableOf(kind, [object], object.metadata.resourceVersion ?? '', clock.now(), query.get('includeObject'));
    return form === 'metadata' ? metadataOf(object) : object;
  }
}

function optionsOf({ target, query }: Call): { version: string; dryRun: boolean } {
  return { version: target.version, dryRun: isDryRun(query) };
}

function selected({ query, target: { name } }: Call): (object: KubeObject) => boolean {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '');
  return (object) => (name === undefined || object.metadata.name === name) && labels(object) && fields(object);
}

function verbOf(call: Call): Verb {
  const {
    request: { method = '' },
    query,
    target: { name },
  } = call;
  const isWatch = ['true', '1'].includes(query.get('watch') ?? '');
  if (method === 'GET') return isWatch ? 'watch' : name === undefined ? 'list' : 'get';
  const verbs: Record<string, Verb> =
    name === undefined ? { POST: 'create' } : { PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
  return verbs[method] ?? notAllowedAt(call);
}

function notAllowedAt(call: Call): never {
  throw notAllowed(call);
}

function notAllowed({ request: { method }, target: { kind, subresource } }: Call): StatusError {
  const why = isDecided(kind) || subresource !== undefined ? '' : `; a ${kind.kind} follows from other objects`;
  return new StatusError(405, `the server does not allow ${method} on the requested resource${why}`);
}

function missing({ target: { kind, name } }: Call): never {
  throw notFound(kind, name!);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

const bodies = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** @throws StatusError 415 */
function sent(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim() ?? 'application/json';
  if (bodies.includes(type)) return readBody(request);
  throw new StatusError(
    415,
    `the body of the request was in an unknown format - accepted media types include: ${bodies.join(', ')}`,
  );
}
