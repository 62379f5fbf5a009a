import type { FastifyInstance } from 'fastify';
import type { Settings } from '../settings.ts';
import { trusted } from './client.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What our own paths begin with for the client: "/photos" where a proxy has taken that off, and "" where nothing has. */
    prefix: string;
  }
}

/** Plain names only: it becomes a part of pages and headers. Two slashes at the beginning would name another host. */
const plain = /^(\/[\w.~-]+)+$/;

/** Finds the prefix of each request: what the nearest proxy says in X-Forwarded-Prefix, if it is trusted, or else the path of PUBLIC_URL. */
export function findPrefix(app: FastifyInstance, { PUBLIC_URL, TRUSTED_PROXIES }: Settings): void {
  const isTrusted = trusted(TRUSTED_PROXIES);
  const own = prefixIn(PUBLIC_URL === undefined ? '' : new URL(PUBLIC_URL).pathname) ?? '';
  app.decorateRequest('prefix', '');
  app.addHook('onRequest', async (request) => {
    const told = request.headers['x-forwarded-prefix'];
    const isTold = typeof told === 'string' && isTrusted(request.raw.socket.remoteAddress ?? '', 0);
    request.prefix = (isTold ? prefixIn(told) : undefined) ?? own;
  });
}

/** "/" and "" are no prefix; undefined is none that we could use. */
function prefixIn(path: string): string | undefined {
  const bare = path.replace(/\/$/, '');
  return bare === '' || plain.test(bare) ? bare : undefined;
}
