import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Rejected } from '@darkroom/shared/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKey } from '../api-keys.ts';

/** The settings that say who may post. */
export interface Doorkeeping {
  API_KEYS?: readonly ApiKey[] | undefined;
  API_KEYS_REQUIRED: boolean;
}

/** The name of the key that a request shows; undefined if it shows none that is known. */
export function keyNameOf(headers: IncomingHttpHeaders, { API_KEYS = [] }: Pick<Doorkeeping, 'API_KEYS'>): string | undefined {
  const shown = bearerOf(headers);
  if (shown === undefined) return undefined;
  const digest = createHash('sha256').update(shown).digest();
  // All of them, so that the time does not tell which.
  const [found] = API_KEYS.filter((key) => timingSafeEqual(key.digest, digest));
  return found?.name;
}

/**
 * Refuses a post with a key that is not known, and one without where a key is required.
 * @throws Rejected with status 401
 */
export function demandKey({ headers }: FastifyRequest, reply: FastifyReply, settings: Doorkeeping): void {
  const { API_KEYS, API_KEYS_REQUIRED } = settings;
  if (!API_KEYS || keyNameOf(headers, settings) !== undefined) return;
  const isWrong = bearerOf(headers) !== undefined;
  if (!isWrong && !API_KEYS_REQUIRED) return;
  // RFC 6750, 3.
  reply.header('www-authenticate', `Bearer realm="Darkroom"${isWrong ? ', error="invalid_token"' : ''}`);
  const detail = isWrong
    ? 'This API key is not known here. Check it, or ask the operator for one.'
    : 'Posts need an API key here. Ask the operator for one, and send it as “Authorization: Bearer <key>”.';
  throw new Rejected(detail, { status: 401 });
}

/** RFC 6750, 2.1. */
function bearerOf({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
}
