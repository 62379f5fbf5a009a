import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import { explain, Rejected } from '@darkroom/shared/errors';
import { log } from '@darkroom/shared/log';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../api/job-status.ts';
import { document, documentPolicy, html } from '../html/document.ts';
import { StorageFailed } from '../storage.ts';
import { Busy } from './busy.ts';
import { drain } from './drain.ts';
import { wantsPage } from './wants-page.ts';

export const problemType = 'application/problem+json; charset=utf-8';

/** The answer to a request that is refused. */
interface Refusal {
  status: number;
  detail: string;
  /** Seconds. */
  retryAfter?: number;
}

/** RFC 9457. `detail` is for the person: what is wrong, and what to do about it. */
export function problem(status: number, detail: string, instance?: string): Problem {
  const title = STATUS_CODES[status];
  return { type: 'about:blank', ...(title !== undefined && { title }), status, detail, ...(instance && { instance }) };
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, { status, detail, retryAfter }: Refusal): void {
  const body = wantsPage(request.headers) ? asPage(request, reply, status, detail) : asProblem(request, reply, status, detail);
  reply.code(status).header('cache-control', 'no-store');
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  const drained = drain(request.raw);
  // The client gets the whole response at once, but the connection stays open until its upload has been drained. After
  // `Connection: close`, Node would close it at the end of the response, and reset the client before it reads.
  reply.header('content-length', Buffer.byteLength(body)).send(Readable.from(lingering(body, drained)));
}

function asProblem({ url, prefix }: FastifyRequest, reply: FastifyReply, status: number, detail: string): string {
  reply.type(problemType);
  return JSON.stringify(problem(status, detail, prefix + url.split('?', 1)[0]!));
}

/** To somebody who posted the form without JavaScript, or came by a link. */
function asPage({ prefix }: FastifyRequest, reply: FastifyReply, status: number, detail: string): string {
  reply.type('text/html; charset=utf-8').header('content-security-policy', documentPolicy());
  const back = html`<p><a class="button" href="${prefix}/">Back to the lab</a></p>`;
  return document({ title: headingOf(status), prefix, parts: [html`<p class="fault">${detail}</p>`, back] });
}

function headingOf(status: number): string {
  if (status === 404 || status === 410) return 'Nothing hangs here';
  return status < 500 ? 'This could not be taken' : 'Not at the moment';
}

async function* lingering(body: string, drained: Promise<void>) {
  yield Buffer.from(body);
  await drained;
}

/** Turns whatever was thrown into an HTTP response. What is not meant for the person goes only to the log. */
export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(error);
  const { status } = refusal;
  const fields = { method: request.method, route: request.routeOptions.url, status };
  // The text of a refusal quotes the sender: file names, or what was given as an address.
  if (status < 500 || error instanceof Busy) log('refused', fields);
  else log('failed', { ...fields, error: explain(error) });
  sendProblem(request, reply, refusal);
}

function refusalOf(error: FastifyError | Error): Refusal {
  if (error instanceof Busy || error instanceof StorageFailed)
    return { status: error.status, detail: error.message, retryAfter: error.retryAfter };
  if (error instanceof Rejected) return { status: error.status, detail: error.message };
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status >= 400 && status < 500) return { status, detail: `${error.message}.` };
  return { status: 500, detail: 'Something went wrong on our side; it has been logged. Try again in a little while.' };
}
