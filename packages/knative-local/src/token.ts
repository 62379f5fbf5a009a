import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * A secret that tells events of this machine's Brokers and functions from forged ones. It travels as the OIDC token does by which
 * Knative Eventing authenticates senders.
 */
export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Whether a request shows the token; every request does where none is asked for. */
export function shows(token: string | undefined, { authorization = '' }: IncomingHttpHeaders): boolean {
  if (token === undefined) return true;
  const [shown, wanted] = [authorization, `Bearer ${token}`].map((text) => Buffer.from(text));
  return shown!.length === wanted!.length && timingSafeEqual(shown!, wanted!);
}
