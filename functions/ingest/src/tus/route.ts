import { Rejected } from '@darkroom/shared/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { demandKey } from '../http/api-key.ts';
import { clientOf } from '../http/client.ts';
import { countRefusedUpload } from '../http/metrics.ts';
import { refuseOtherSites } from '../http/origin.ts';
import type { Turnstile } from '../http/turnstile.ts';
import type { Settings } from '../settings.ts';
import { type Arriving, arriving } from './arriving.ts';
import { detailOf, statusOf } from './refusal.ts';
import type { Uploads } from './uploads.ts';

/** What of a response of the protocol goes to the client; what browsers may read is said elsewhere. */
const passed = /^(upload-|tus-|location$|cache-control$)/;

/**
 * /uploads: photos that arrive in pieces, by the tus protocol. A line that breaks costs what was on the way at that moment, and the
 * sender goes on from there; a post then names the uploads instead of carrying files.
 */
export function tusRoutes(app: FastifyInstance, settings: Settings, uploads: Uploads, turnstile: Turnstile): void {
  type Answer = (request: Request, end: () => void) => Promise<Response>;
  let loading: Promise<Answer> | undefined;
  // With the first upload: most processes see none, and start without.
  const protocol = () => (loading ??= import('./protocol.ts').then(({ openProtocol }) => openProtocol(uploads, settings)));

  app.route({ method: ['POST', 'OPTIONS'], url: '/uploads', handler });
  app.route({ method: ['HEAD', 'PATCH', 'DELETE', 'OPTIONS'], url: '/uploads/:upload', handler });

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.method !== 'POST' && request.method !== 'PATCH') return answer(request, reply);
    return receive(request, reply).catch((error: unknown) => {
      countRefusedUpload(error, settings.K_REVISION);
      throw error;
    });
  }

  /** The beginning of an upload, or a piece of it. */
  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    refuseOtherSites(request, settings.ALLOWED_ORIGINS);
    demandKey(request, reply, settings);
    const client = clientOf(request, settings);
    return turnstile.pass(client, async (came) => {
      const body = arriving(request.raw, came);
      try {
        return await answer(request, reply, body);
      } finally {
        body.end();
      }
    });
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, body?: Arriving): Promise<FastifyReply> {
    const { status, headers, text } = await ask(request, body);
    for (const [name, value] of headers) if (passed.test(name)) reply.header(name, value);
    if (status >= 400) throw new Rejected(detailOf(status, text), { status: statusOf(status) });
    const location = headers.get('location');
    if (location !== null) reply.header('location', request.prefix + location);
    return reply.code(status).send();
  }

  /** In the terms of the library: web requests and responses, and errors that are responses as well. */
  async function ask(request: FastifyRequest, body?: Arriving) {
    try {
      const response = await (await protocol())(webRequestOf(request, body), body?.end ?? (() => {}));
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      const { status_code: status, body: text = '' } = error as { status_code?: number; body?: string };
      if (status === undefined) throw error;
      return { status, headers: new Headers({ 'tus-resumable': '1.0.0' }), text };
    }
  }
}

function webRequestOf({ method, headers, params }: FastifyRequest, body?: Arriving): Request {
  const { upload } = params as { upload?: string };
  const path = upload === undefined ? '/uploads' : `/uploads/${encodeURIComponent(upload)}`;
  const told = Object.entries(headers).filter(([name]) => /^(upload-|tus-|content-(type|length)$)/.test(name)) as [
    string,
    string,
  ][];
  return new Request(`http://ingest${path}`, {
    method,
    headers: told,
    ...(body && { body: ReadableStream.from(body.chunks), duplex: 'half' }),
  });
}
