import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { foreignness } from '../../foreign.ts';
import type { Log } from '../../log.ts';
import { shows } from '../../token.ts';
import { missing } from '../model/kinds.ts';
import { StatusError, toStatus } from '../model/status-error.ts';
import { discovery, subresourcesOf } from './discovery.ts';
import { openapi } from './openapi.ts';
import type { Reading } from './reading.ts';
import { type ApiResponse, type ApiRequest, formOf, notAllowed, targetOf, verbOf } from './request.ts';
import type { Writing } from './writing.ts';

export interface ApiServerOptions {
  reading: Reading;
  writing: Writing;
  /** The only one there is. */
  namespace: string;
  token: string;
  log: Log;
}

/** The part of the Kubernetes API that kubectl and kn need. Every refusal is a Status. */
export function createApiServer(options: ApiServerOptions): RequestListener {
  return (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      const status = toStatus(error);
      if (status.code === 500) options.log('api', `${request.method} ${request.url?.split('?')[0]}: ${status.message}`);
      if (response.headersSent) return void response.destroy();
      refuse(request, response, status);
    });
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ApiServerOptions): Promise<void> {
  const foreign = foreignness(request);
  if (foreign !== undefined) throw new StatusError(403, foreign);
  const { pathname: path, searchParams: query } = urlOf(request);
  if (!shows(options.token, request.headers)) throw new StatusError(401, 'Unauthorized');
  if (['/healthz', '/livez', '/readyz'].includes(path))
    return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
  if (path === '/openapi/v2') return void response.writeHead(200, { 'content-type': protobuf }).end(noDefinitions);
  const form = formOf(request);
  const known = discovery(path) ?? openapi(path);
  if (known !== undefined) {
    if (request.method !== 'GET') throw new StatusError(405, 'the server does not allow this method on the requested resource');
    return write(response, 200, known);
  }
  const target = targetOf(path);
  if (!target) throw new StatusError(404, 'the server could not find the requested resource');
  const found = await dispatch({ request, response, query, form, target }, options);
  if (found) write(response, found.code, found.content);
}

/** kubectl looks here for a kind that OpenAPI 3 does not have, and says so if it is not here either: `swagger: "2.0"`, and nothing else. */
const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const noDefinitions = Buffer.from([0x0a, 3, ...Buffer.from('2.0')]);

function urlOf({ url = '/' }: IncomingMessage): URL {
  try {
    return new URL(url, 'http://localhost');
  } catch (cause) {
    throw new StatusError(400, 'the address of the request is not a URL', { cause });
  }
}

function write(response: ServerResponse, code: number, content: object): void {
  const text = JSON.stringify(content);
  response
    .writeHead(code, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    })
    .end(text);
}

/** Whoever is still sending a body that nobody reads hears the answer, and then the connection ends. */
function refuse(request: IncomingMessage, response: ServerResponse, status: StatusError): void {
  if (!request.complete) {
    response.setHeader('connection', 'close');
    request.resume();
  }
  write(response, status.code, status);
}

/** Resolves with undefined if the answer is a stream, which has begun. */
async function dispatch(asked: ApiRequest, { reading, writing, namespace }: ApiServerOptions): Promise<ApiResponse | undefined> {
  const { kind, name, namespace: home, subresource } = asked.target;
  if (subresource !== undefined && !subresourcesOf(kind).includes(subresource))
    throw new StatusError(404, 'the server could not find the requested resource');
  const verb = verbOf(asked);
  if (!verb || !kind.verbs.includes(verb) || (subresource !== undefined && verb !== 'get')) throw notAllowed(asked);
  const elsewhere = home !== undefined && home !== namespace;
  if (elsewhere && name !== undefined) missing(kind, name);
  if (elsewhere && verb === 'create')
    throw new StatusError(404, `namespaces ${JSON.stringify(home)} not found; one machine has one namespace, ${namespace}`);
  switch (verb) {
    case 'list':
      return reading.list(asked);
    case 'watch':
      return reading.watch(asked);
    case 'get':
      return reading.get(asked);
    case 'create':
      return writing.create(asked);
    case 'update':
      return writing.update(asked);
    case 'patch':
      return writing.patch(asked);
    case 'delete':
      return writing.remove(asked);
  }
}
