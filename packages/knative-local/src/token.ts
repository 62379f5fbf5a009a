import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * A secret that distinguishes events of this machine's Brokers and functions from forged ones. It travels the same way as the OIDC token
 * by which Knative Eventing authenticates senders.
 */
export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Whether a request shows the token; if none is required, every request passes. */
export function shows(token: string | undefined, { authorization = '' }: IncomingHttpHeaders): boolean {
  if (token === undefined) return true;
  const [shown, wanted] = [authorization, `Bearer ${token}`].map((text) => Buffer.from(text));
  return shown!.length === wanted!.length && timingSafeEqual(shown!, wanted!);
}
