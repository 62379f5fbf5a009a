import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';

type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** What IPv6 gives to the public (RFC 4291, 2.4), and the IPv4 Internet as IPv6 sees it through NAT64 (RFC 6052, 2.1). */
const [globalUnicast, nat64] = [ipaddr.IPv6.parseCIDR('2000::/3'), ipaddr.IPv6.parseCIDR('64:ff9b::/96')];

/** Networks that may be reached although they are not public: "10.1.0.0/16,fd00::/8". */
export const networks = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((part) => part.trim())),
  v.check((parts) => parts.every((part) => ipaddr.isValidCIDR(part)), 'must be networks such as 10.1.0.0/16,fd00::/8'),
  v.transform((parts): Network[] => parts.map((part) => ipaddr.parseCIDR(part))),
);

/**
 * Whether a request that somebody else has asked for may go to this address: a public one, or one in the networks given. Whatever is not
 * known to be public is not, so that a range which is assigned later cannot be reached by mistake.
 * @param address as inet_pton(3) reads it
 */
export function mayReach(address: string, allowed: readonly Network[]): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  return isPublic(parsed) || allowed.some((network) => parsed.kind() === network[0].kind() && parsed.match(network));
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.kind() === 'ipv6') {
    const six = address as ipaddr.IPv6;
    if (six.match(nat64)) return isPublic(new ipaddr.IPv4(six.toByteArray().slice(12)));
    if (!six.match(globalUnicast)) return false;
  }
  return address.range() === 'unicast';
}
