import { STATUS_CODES } from 'node:http';
import { explain, Rejected } from '@darkroom/shared/errors';
import { log } from '@darkroom/shared/log';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { drain } from './drain.ts';
import { StorageFailed } from '../storage.ts';

export const problemType = 'application/problem+json; charset=utf-8';

/** RFC 9457. `detail` is for the person: what is wrong, and what to do about it. */
export function problem(status: number, detail: string, instance?: string) {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...(instance && { instance }) };
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, status: number, detail: string): void {
  // The rest of an upload that nobody wants must flow off, or the client never comes to read this.
  drain(request.raw);
  if (status === 503) reply.header('retry-after', '5');
  const path = request.url.split('?', 1)[0];
  reply
    .code(status)
    .type(problemType)
    .header('cache-control', 'no-store')
    .send(problem(status, detail, path));
}

/** Turns whatever was thrown into an answer. What is not meant for the person goes to the log only. */
export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const { status, detail } = judge(error);
  const fields = { method: request.method, route: request.routeOptions.url, status };
  log(status < 500 ? 'refused' : 'failed', { ...fields, [status < 500 ? 'detail' : 'error']: explain(error) });
  sendProblem(request, reply, status, detail);
}

function judge(error: FastifyError | Error): { status: number; detail: string } {
  if (error instanceof Rejected || error instanceof StorageFailed) return { status: error.status, detail: error.message };
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status >= 400 && status < 500) return { status, detail: `${error.message}.` };
  return { status: 500, detail: 'Something went wrong on our side; it has been noted. Try again in a little while.' };
}
