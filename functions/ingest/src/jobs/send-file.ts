import { create } from 'content-disposition';
import type { Store, Stored } from '@darkroom/shared/store';
import { Rejected } from '@darkroom/shared/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import type { JobFile } from './files.ts';

/** Files never change. An hour in the browser's own cache is short enough for "deleted" to be true. */
const caching = 'private, max-age=3600, immutable';

/** Answers GET and HEAD of a file: whole, a part of it (RFC 9110, 14), or "you have it" (13). */
export async function sendFile(store: Store, file: JobFile, stored: Stored, request: FastifyRequest, reply: FastifyReply) {
  const { headers } = request;
  reply.headers({
    etag: stored.etag,
    'accept-ranges': 'bytes',
    'cache-control': caching,
    'content-disposition': create(file.name, { type: isDownload(file, request) ? 'attachment' : 'inline' }),
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
  });
  if (matches(headers['if-none-match'], stored.etag)) return reply.code(304).send();

  const range = rangeOf(headers, stored);
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${stored.size}`);
    throw new Rejected(`The file has ${stored.size} bytes; the requested range is outside it.`, { status: 416 });
  }
  const length = range ? range.end - range.start + 1 : stored.size;
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${stored.size}`);
  reply.type(file.type).header('content-length', length);
  if (request.method === 'HEAD') return reply.send();
  const stream = await store.read(file.key, range);
  if (!stream) throw new Rejected('This file has just been deleted.', { status: 404 });
  return reply.send(stream);
}

/** Whether a file should be saved rather than displayed. */
export function isDownload({ type }: JobFile, { url }: FastifyRequest): boolean {
  return type === 'application/zip' || new URL(url, 'http://ingest').searchParams.has('download');
}

/** If-None-Match compares weakly. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}

/** A single range. Multiple ranges, other units and anything unreadable get the whole file, as RFC 9110 allows. */
function rangeOf({ range, 'if-range': ifRange }: FastifyRequest['headers'], { size, etag }: Stored) {
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const parsed = parseRange(size, range);
  if (parsed === -1) return 'unsatisfiable';
  if (parsed === -2 || parsed.type !== 'bytes' || parsed.length !== 1) return undefined;
  return parsed[0];
}
