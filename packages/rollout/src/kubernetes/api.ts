import { request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Credentials } from './credentials.ts';

/** The API said no. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** The HTTP status: 404, 409, ... */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The Kubernetes API, as far as a rollout needs it. */
export interface KubernetesApi {
  /** @param path "/apis/serving.knative.dev/v1/namespaces/darkroom/services/ingest" @throws Refused */
  get(path: string): Promise<unknown>;
  /** Changes some fields of an object, by a JSON merge patch. @throws Refused with 409 if its resourceVersion is not the one in the patch */
  patch(path: string, patch: object): Promise<unknown>;
}

/** Milliseconds. */
const timeout = 60_000;

/** @param credentials are asked for at each request */
export function kubernetesApi(credentials: () => Promise<Credentials>): KubernetesApi {
  async function ask(method: string, path: string, content?: object): Promise<unknown> {
    const { server, tls, token } = await credentials();
    const body = content && JSON.stringify(content);
    const headers = {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/merge-patch+json', 'content-length': Buffer.byteLength(body) }),
    };
    const url = new URL(server + path);
    const send = url.protocol === 'http:' ? plainRequest : request;
    const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
      // A new connection each time: minutes lie between two requests.
      send(url, { ...tls, method, headers, agent: false, signal: AbortSignal.timeout(timeout) }, (response) => {
        text(response).then((all) => resolve({ status: response.statusCode ?? 0, answer: all }), reject);
      })
        .on('error', (cause) => reject(new Error(`The Kubernetes API at ${url.origin} does not answer`, { cause })))
        .end(body);
    });
    const said = parsed(answer);
    if (status < 300) return said;
    throw new Refused(
      status,
      `The Kubernetes API answered ${status}: ${(said as { message?: string }).message ?? answer.slice(0, 200)}`,
    );
  }

  return { get: (path) => ask('GET', path), patch: (path, patch) => ask('PATCH', path, patch) };
}

function parsed(answer: string): unknown {
  try {
    return (JSON.parse(answer) as unknown) ?? {};
  } catch {
    return {};
  }
}
