import { Rejected } from '@darkroom/shared/errors';
import type { FastifyRequest } from 'fastify';

/**
 * Refuses what another website makes a visitor's browser send (CSRF). Browsers say where a request comes from in Sec-Fetch-Site or
 * Origin; other programs send neither.
 * @throws Rejected with status 403
 */
export function refuseOtherSites(
  { headers, host }: Pick<FastifyRequest, 'headers' | 'host'>,
  allowed: readonly string[] = [],
): void {
  const { origin } = headers;
  if (origin !== undefined && allowed.includes(origin)) return;
  const site = headers['sec-fetch-site'];
  const own = site === undefined ? origin === undefined || hostOf(origin) === host : site === 'same-origin' || site === 'none';
  if (own) return;
  throw new Rejected(
    'This was sent by another website. Open Darkroom itself and send the photos from there; ' +
      'its operator can allow that website in ALLOWED_ORIGINS.',
    { status: 403 },
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
