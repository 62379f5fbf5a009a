import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.ts';
import { serverSideApply } from '../model/apply.ts';
import { apiVersionOf, detailsOf, missing, resourceOf } from '../model/kinds.ts';
import { asObject, isFields, type KubeObject, timestamp } from '../model/object.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from '../model/patch.ts';
import { StatusError, success } from '../model/status-error.ts';
import { readBody } from './body.ts';
import { patchTypesOf } from './openapi.ts';
import { type ApiRequest, type ApiResponse, isDryRun, shown } from './request.ts';
import type { Resources, Wish } from './resources.ts';

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
      const details = detailsOf(kind, name);
      throw new StatusError(409, `${resourceOf(kind)} ${JSON.stringify(name)} already exists`, {
        reason: 'AlreadyExists',
        details,
      });
    };
    return put(asked, name, (now) => (now ? exists() : body));
  }

  async function update(asked: ApiRequest): Promise<ApiResponse> {
    const body = await sent(asked.request);
    const { kind, name = '' } = asked.target;
    return put(asked, name, (now) => (now ? body : missing(kind, name)));
  }

  async function patch(asked: ApiRequest): Promise<ApiResponse> {
    const { kind, version, name = '' } = asked.target;
    const type = typeOf(asked.request, patchTypesOf(kind));
    const body = await readBody(asked.request);
    const merge =
      { 'application/json-patch+json': jsonPatch, 'application/strategic-merge-patch+json': strategicMergePatch }[type] ??
      mergePatch;
    if (type !== 'application/apply-patch+yaml') return put(asked, name, (now) => merge(now ?? missing(kind, name), body));

    const manager = asked.query.get('fieldManager');
    if (!manager) throw new StatusError(422, 'fieldManager: is required for apply patch');
    if (!isFields(body)) throw new StatusError(400, 'the body is not an object; an apply sends the fields that it wants');
    const given = { apiVersion: apiVersionOf(kind, version), kind: kind.kind, ...body };
    const { metadata = {} } = body;
    const applied = asObject({ ...given, metadata: isFields(metadata) ? { name, ...metadata } : metadata });
    const force = asked.query.get('force') === 'true';
    return put(asked, name, (now) => serverSideApply(now, applied, { manager, force, time: timestamp(clock.now()) }));
  }

  async function remove(asked: ApiRequest): Promise<ApiResponse> {
    const { kind, name = '' } = asked.target;
    const body = hasBody(asked.request) ? await readBody(asked.request) : {};
    const { preconditions, dryRun } = (isFields(body) ? body : {}) as {
      preconditions?: { uid?: string; resourceVersion?: string };
      dryRun?: string[];
    };
    const { uid, resourceVersion } = preconditions ?? {};
    const accepts = ({ metadata }: KubeObject) => {
      if ((uid ?? metadata.uid) !== metadata.uid || (resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion)
        throw new StatusError(409, `Precondition failed: the object is ${metadata.uid} at ${metadata.resourceVersion}`);
    };
    const gone = await resources.remove(kind, name, accepts, {
      ...optionsOf(asked),
      dryRun: isDryRun(asked.query) || Boolean(dryRun?.length),
    });
    return { code: 200, content: success({ ...detailsOf(kind, name), uid: gone.metadata.uid! }) };
  }

  async function put(asked: ApiRequest, name: string, wish: Wish): Promise<ApiResponse> {
    const { object, created } = await resources.put(asked.target.kind, name, wish, optionsOf(asked));
    return { code: created ? 201 : 200, content: shown(asked, object, clock.now()) };
  }
}

function optionsOf({ target, query }: ApiRequest): { version: string; dryRun: boolean } {
  return { version: target.version, dryRun: isDryRun(query) };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
}

/** @throws StatusError 415 */
async function sent(request: IncomingMessage): Promise<unknown> {
  typeOf(request, ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return readBody(request);
}

/** @throws StatusError 415 if the body is of no such type */
function typeOf({ headers }: IncomingMessage, accepted: string[]): string {
  const type = (headers['content-type'] ?? 'application/json').split(';')[0]!.trim();
  if (accepted.includes(type)) return type;
  const list = accepted.join(', ');
  throw new StatusError(415, `the body of the request was in an unknown format - accepted media types include: ${list}`);
}
