import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as immediate } from 'node:timers/promises';
import { createProxyServer } from 'httpxy';
import { type Clock, systemClock } from './clock.ts';
import { explain } from './errors.ts';
import { misdirection, refuse } from './foreign.ts';
import { limits } from './limits.ts';
import type { Log } from './log.ts';
import { NotUp, type Revision } from './process/revision.ts';
import { within } from './within.ts';

export interface RouterOptions {
  fleet: { pick(service: string, tag?: string): Pick<Revision, 'turn'> };
  /** The one service that the public address leads to. */
  service: string;
  /** The public DNS names that are accepted; if absent, any is. */
  names?: readonly string[] | undefined;
  /** What the person reads if the service cannot be reached. */
  unavailable: string;
  isReady: () => boolean;
  log: Log;
  clock?: Clock;
}

/** The public address: passes each request to a revision, chosen by percentage, by the header Knative-Serving-Tag, or by a tag's own name. */
export function createRouter({
  fleet,
  service,
  names,
  unavailable,
  isReady,
  log,
  clock = systemClock,
}: RouterOptions): RequestListener {
  const proxy = createProxyServer({ xfwd: true, selfHandleResponse: true });
  // Connection headers apply to one hop only (RFC 9110, 7.6.1). The connection to the function is kept open: a function told to close
  // it could not read an upload to its end, and its refusal would be lost with the connection.
  proxy.on('proxyReq', (onward) => onward.setHeader('connection', 'keep-alive'));
  proxy.on('proxyRes', (answer, request, response) => answerWith(answer, request, response, clock));

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const tag = request.headers['knative-serving-tag'] ?? tagIn(request, service);
    const { origin, release } = await fleet.pick(service, typeof tag === 'string' ? tag : undefined).turn(gone.signal);
    response.once('close', release);
    if (response.closed) return release();
    nameSender(request);
    const body = Readable.from(piecesOf(request), { objectMode: false });
    // The request itself reports this as well.
    body.on('error', () => undefined);
    await proxy.web(request, response, { target: origin, buffer: body });
  }

  return (request, response) => {
    if (request.url === '/health/readiness') return answerHealth(response, isReady());
    const foreign = names && misdirection(request, names);
    if (foreign !== undefined) return refuse(response, foreign);
    forward(request, response).catch((error: unknown) => {
      if (response.closed || response.destroyed) return;
      // Without the URL, which may contain personal data.
      if (!(error instanceof NotUp)) log('router', `${request.method} to ${service} failed: ${explain(error)}`);
      if (response.headersSent) return void response.destroy();
      answerUnavailable(request, response, unavailable, clock);
    });
  };
}

/** `v2-hello.localhost` leads to the tag v2, as a tag's own address does in a cluster. */
function tagIn({ headers: { host = '' } }: IncomingMessage, service: string): string | undefined {
  const [name = '', domain] = host.toLowerCase().split('.', 2);
  return domain?.startsWith('localhost') && name.endsWith(`-${service}`) ? name.slice(0, -service.length - 1) : undefined;
}

/** Joins whatever has arrived so far: a body in one-byte chunks would otherwise cost a hundred times its size. */
async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    yield chunk as Buffer;
    await immediate();
  }
}

/** As every gateway does: the first entries of X-Forwarded-For may be invented, the last one is the sender seen here. */
function nameSender({ headers, socket }: IncomingMessage): void {
  const told = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = [told, socket.remoteAddress].flat().filter(Boolean).join(', ');
}

/** Passes a response on. */
function answerWith(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse, clock: Clock): void {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
  answer.pipe(response, { end: false });
  answer.once('end', () => void endAfter(request, response, clock));
}

/** Ends a response. If the request is still arriving, its rest is drained first: closing would reset the connection and lose the response. */
async function endAfter(request: IncomingMessage, response: ServerResponse, clock: Clock): Promise<void> {
  if (!request.complete) {
    const sent = new Promise<void>((resolve) => void request.once('close', resolve));
    request.resume();
    await within(limits.lingerTime, sent, clock);
  }
  response.end();
}

function answerHealth(response: ServerResponse, ready: boolean): void {
  response
    .writeHead(ready ? 200 : 503, { 'content-type': 'application/json' })
    .end(JSON.stringify({ status: ready ? 'ready' : 'starting' }));
}

function answerUnavailable(request: IncomingMessage, response: ServerResponse, detail: string, clock: Clock): void {
  const problem = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail };
  const text = JSON.stringify(problem);
  const headers = { 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(text), 'retry-after': '2' };
  response.writeHead(503, { ...headers, connection: 'close' }).write(text);
  void endAfter(request, response, clock);
}
