import { isIPv6 } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import type { FastifyRequest } from 'fastify';
import type { Settings } from '../settings.ts';
import { keyNameOf } from './api-key.ts';

/**
 * Who sends a request: the holder of an API key, or else, as far as that can be known without trusting the sender, the nearest address that is not one of our proxies.
 * Without TRUSTED_PROXIES clients are not told apart: behind a gateway they would all share its address, and one could use up the
 * share of all.
 */
export function clientOf(
  { ip, headers }: Pick<FastifyRequest, 'ip' | 'headers'>,
  settings: Pick<Settings, 'TRUSTED_PROXIES' | 'API_KEYS'>,
): string | undefined {
  const name = keyNameOf(headers, settings);
  // No address has a space.
  if (name !== undefined) return `key ${name}`;
  return settings.TRUSTED_PROXIES === undefined ? undefined : networkOf(ip);
}

/** Whether an address is that of a trusted proxy, where it is so many hops away: 0 is the nearest. */
export function trusted(proxies: Settings['TRUSTED_PROXIES'] = 0): (address: string, hop: number) => boolean {
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : compile(proxies);
}

/** An IPv6 subscriber can send from a whole /64, and counts as one client. */
export function networkOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address;
  const [before, after = []] = address
    .toLowerCase()
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== '')) as [string[], string[]?];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
