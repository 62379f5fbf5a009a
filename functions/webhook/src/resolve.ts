import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { mayReach } from '@darkroom/shared/webhook/networks';
import { literalOf, type TargetSettings } from '@darkroom/shared/webhook/target';
import * as v from 'valibot';

export interface Address {
  address: string;
  family: 4 | 6;
}

/** A name leads to an address that may not be reached. */
export class NotPublic extends Error {
  override readonly name = 'NotPublic';
}

/** Milliseconds that a name server may take, and how often it is asked. */
const asking = { timeout: 5000, tries: 2 };

/** There is no such name, or it has no address of that kind. */
const meansNone = ['ENOTFOUND', 'ENODATA'];

/** "192.0.2.53,[2001:db8::53]:5353" */
export const servers = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((part) => part.trim())),
  v.check((all) => {
    try {
      new Resolver().setServers(all);
      return true;
    } catch {
      return false;
    }
  }, 'must be addresses of name servers, such as 192.0.2.53,[2001:db8::53]:5353'),
);

/**
 * Every address that the host of a URL has at this moment, by DNS alone: neither /etc/hosts nor a search domain makes a name mean something
 * within our own network. Whoever connects must connect to these, since a second look might find others.
 * @throws NotPublic if any of them may not be reached
 * @throws Error if there is none
 */
export async function addressesOf(
  url: URL,
  { servers: named, allowed = [] }: { servers: readonly string[] | undefined; allowed: TargetSettings['WEBHOOK_NETWORKS'] },
  signal: AbortSignal,
): Promise<Address[]> {
  const literal = literalOf(url);
  const found = literal === undefined ? await lookUp(url.hostname, named, signal) : [literal];
  if (!found.every((address) => mayReach(address, allowed))) throw new NotPublic(`${url.hostname} is not public`);
  return found.map((address) => ({ address, family: isIP(address) as Address['family'] }));
}

async function lookUp(name: string, named: readonly string[] | undefined, signal: AbortSignal): Promise<string[]> {
  const resolver = new Resolver(asking);
  if (named) resolver.setServers(named);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  signal.removeEventListener('abort', cancel);
  signal.throwIfAborted();
  const faults = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as NodeJS.ErrnoException] : []));
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  // Where one kind of address is not known, it might be the kind that is not public.
  const fault = faults.find(({ code }) => found.length === 0 || !meansNone.includes(code!));
  if (fault) throw fault;
  return found;
}
