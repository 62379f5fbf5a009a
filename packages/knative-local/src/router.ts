import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createProxyServer } from 'httpxy';
import type { Log } from './log.ts';
import { NotUp, type Revision } from './process/revision.ts';

export interface RouterOptions {
  fleet: { pick(service: string, tag?: string): Pick<Revision, 'lease'> };
  /** The one service that the public address leads to. */
  service: string;
  /** What the person is told where the service cannot be reached. */
  unavailable: string;
  isReady: () => boolean;
  log: Log;
}

/** The public address: hands each request to a revision, by percentage or by the header Knative-Serving-Tag. */
export function createRouter({ fleet, service, unavailable, isReady, log }: RouterOptions): RequestListener {
  const proxy = createProxyServer({ xfwd: true });
  // They speak of the connection behind, not of this one (RFC 9110, 7.6.1): a client would keep idle connections too long.
  proxy.on('proxyRes', ({ headers }) => {
    delete headers['connection'];
    delete headers['keep-alive'];
  });

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const tag = request.headers['knative-serving-tag'];
    const { origin, release } = await fleet.pick(service, typeof tag === 'string' ? tag : undefined).lease(gone.signal);
    response.once('close', release);
    if (response.closed) return release();
    nameSender(request);
    const body = Readable.from(piecesOf(request), { objectMode: false });
    // The request itself says so as well.
    body.on('error', () => undefined);
    await proxy.web(request, response, { target: origin, buffer: body });
  }

  return (request, response) => {
    if (request.url === '/health/readiness') return answerHealth(response, isReady());
    forward(request, response).catch((error: unknown) => {
      if (response.closed || response.destroyed) return;
      // Without the address: people's data may stand in it.
      if (!(error instanceof NotUp))
        log('router', `${request.method} failed: ${error instanceof Error ? error.message : String(error)}`);
      if (response.headersSent) return void response.destroy();
      answerUnavailable(request, response, unavailable);
    });
  };
}

/** All that has come together in one piece: a body in chunks of single bytes would cost a hundred times what it weighs. */
async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    yield chunk as Buffer;
    await turn();
  }
}

/** As every gateway does: whoever comes first in X-Forwarded-For may be invented, the last one is who was seen here. */
function nameSender({ headers, socket }: IncomingMessage): void {
  const told = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = [told, socket.remoteAddress].flat().filter(Boolean).join(', ');
}

function answerHealth(response: ServerResponse, ready: boolean): void {
  response
    .writeHead(ready ? 200 : 503, { 'content-type': 'application/json' })
    .end(JSON.stringify({ status: ready ? 'ready' : 'starting' }));
}

function answerUnavailable(request: IncomingMessage, response: ServerResponse, detail: string): void {
  const problem = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail };
  response
    .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2', connection: 'close' })
    .end(JSON.stringify(problem));
  request.resume();
}
