import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { serverSideApply } from './apply.ts';
import { readBody } from './body.ts';
import { apiVersionOf } from './kinds.ts';
import { asObject, isFields, type KubeObject, timestamp } from './object.ts';
import { patchTypesOf } from './openapi.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from './patch.ts';
import { type Answer, type Call, isDryRun, missing, shown } from './request.ts';
import type { Resources, Wish } from './resources.ts';
import { StatusError, success } from './status-error.ts';

/** Requests that change an object. What is answered is in effect. */
export interface Writing {
  create(call: Call): Promise<Answer>;
  update(call: Call): Promise<Answer>;
  patch(call: Call): Promise<Answer>;
  remove(call: Call): Promise<Answer>;
}

export function createWriting(resources: Resources, clock: Clock): Writing {
  return { create, update, patch, remove };

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

  async function update(call: Call): Promise<Answer> {
    const body = await sent(call.request);
    return put(call, call.target.name!, (now) => (now ? body : missing(call)), 200);
  }

  async function patch(call: Call): Promise<Answer> {
    const { kind, version, name = '' } = call.target;
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

  async function remove(call: Call): Promise<Answer> {
    const { kind, name = '' } = call.target;
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

  async function put(call: Call, name: string, wish: Wish, code: number): Promise<Answer> {
    const { object, created } = await resources.put(call.target.kind, name, wish, optionsOf(call));
    return { code: created ? 201 : code, content: shown(call, object, clock.now()) };
  }
}

function optionsOf({ target, query }: Call): { version: string; dryRun: boolean } {
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
