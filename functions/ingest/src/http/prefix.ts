import type { FastifyInstance, FastifyRequest } from 'fastify';
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

type PrefixOf = (request: Pick<FastifyRequest, 'headers' | 'raw'>) => string;

/** Finds the prefix of a request: what the nearest proxy says in X-Forwarded-Prefix, if it is trusted, or else the path of PUBLIC_URL. */
export function prefixFinder({ PUBLIC_URL, TRUSTED_PROXIES }: Settings): PrefixOf {
  const isTrusted = trusted(TRUSTED_PROXIES);
  const own = prefixIn(PUBLIC_URL === undefined ? '' : new URL(PUBLIC_URL).pathname) ?? '';
  return ({ headers, raw }) => {
    const told = headers['x-forwarded-prefix'];
    const isTold = typeof told === 'string' && isTrusted(raw.socket.remoteAddress ?? '', 0);
    return (isTold ? prefixIn(told) : undefined) ?? own;
  };
}

export function findPrefixes(app: FastifyInstance, prefixOf: PrefixOf): void {
  app.decorateRequest('prefix', '');
  app.addHook('onRequest', async (request) => {
    request.prefix = prefixOf(request);
  });
}

/** "/" and "" are no prefix; undefined is none that we could use. */
function prefixIn(path: string): string | undefined {
  const bare = path.replace(/\/$/, '');
  return bare === '' || plain.test(bare) ? bare : undefined;
}
