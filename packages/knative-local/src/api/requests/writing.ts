import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.ts';
import { serverSideApply } from '../model/apply.ts';
import { readBody } from './body.ts';
import { apiVersionOf, missing } from '../model/kinds.ts';
import { asObject, isFields, type KubeObject, timestamp } from '../model/object.ts';
import { patchTypesOf } from './openapi.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from '../model/patch.ts';
import { type ApiRequest, type ApiResponse, isDryRun, shown } from './request.ts';
import type { Resources, Wish } from './resources.ts';
import { StatusError, success } from '../model/status-error.ts';

/** Requests that change an object. What is answered is in effect. */
export interface Writing {
  create(asked: ApiRequest): Promise<ApiResponse>;
  update(asked: ApiRequest): Promise<ApiResponse>;
  patch(asked: ApiRequest): Promise<ApiResponse>;
  remove(asked: ApiRequest): Promise<ApiResponse>;
}

export function createWriting(resources: Resources, clock: Clock): Writing {
  return { create, update, patch, remove };

  async function create(asked: ApiRequest): Promise<ApiResponse> {
    const body = await sent(asked.request);
    const metadata = isFields(body) && isFields(body['metadata']) ? body['metadata'] : {};
    const prefix = metadata['generateName'];
    if (isFields(body) && !metadata['name'] && typeof prefix === 'string' && prefix !== '')
      body['metadata'] = { ...metadata, name: `${prefix}${crypto.randomUUID().slice(0, 5)}` };
    const { name } = asObject(body).metadata;
    const { kind } = asked.target;
    const exists = () => {
      throw new StatusError(409, `${kind.plural}.${kind.group} ${JSON.stringify(name)} already exists`, {
        reason: 'AlreadyExists',
        details: { name, group: kind.group, kind: kind.plural },
      });
    };
    return put(asked, name, (now) => (now ? exists() : body), 201);
  }

  async function update(asked: ApiRequest): Promise<ApiResponse> {
    const body = await sent(asked.request);
    const { kind, name = '' } = asked.target;
    return put(asked, name, (now) => (now ? body : missing(kind, name)), 200);
  }

  async function patch(asked: ApiRequest): Promise<ApiResponse> {
    const { kind, version, name = '' } = asked.target;
    const type = asked.request.headers['content-type']?.split(';')[0]?.trim() ?? '';
    const accepted = patchTypesOf(kind);
    if (!accepted.includes(type))
      throw new StatusError(
        415,
        `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
      );
    const body = await readBody(asked.request);
    const merge =
      { 'application/json-patch+json': jsonPatch, 'application/strategic-merge-patch+json': strategicMergePatch }[type] ??
      mergePatch;
    if (type !== 'application/apply-patch+yaml') return put(asked, name, (now) => merge(now ?? missing(kind, name), body), 200);

    const manager = asked.query.get('fieldManager');
    if (!manager) throw new StatusError(422, 'fieldManager: is required for apply patch');
    const given = { apiVersion: apiVersionOf(kind, version), kind: kind.kind, ...(body as object) };
    const applied = asObject({ ...given, metadata: { name, ...(given as { metadata?: object }).metadata } });
    const force = asked.query.get('force') === 'true';
    return put(asked, name, (now) => serverSideApply(now, applied, { manager, force, time: timestamp(clock.now()) }), 200);
  }

  async function remove(asked: ApiRequest): Promise<ApiResponse> {
    const { kind, name = '' } = asked.target;
    const body = asked.request.headers['content-length'] === '0' || !hasBody(asked.request) ? {} : await readBody(asked.request);
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
      ...optionsOf(asked),
      dryRun: isDryRun(asked.query) || Boolean(dryRun?.length),
    });
    return { code: 200, content: success({ name, group: kind.group, kind: kind.plural, uid: gone.metadata.uid! }) };
  }

  async function put(asked: ApiRequest, name: string, wish: Wish, code: number): Promise<ApiResponse> {
    const { object, created } = await resources.put(asked.target.kind, name, wish, optionsOf(asked));
    return { code: created ? 201 : code, content: shown(asked, object, clock.now()) };
  }
}

function optionsOf({ target, query }: ApiRequest): { version: string; dryRun: boolean } {
  return { version: target.version, dryRun: isDryRun(query) };
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
