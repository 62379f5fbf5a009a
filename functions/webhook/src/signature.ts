import { createHmac } from 'node:crypto';
import * as v from 'valibot';

const prefix = 'whsec_';
/** Bytes of a secret (Standard Webhooks, "Symmetric"). */
const [shortest, longest] = [24, 64];

const keyOf = (secret: string) => Buffer.from(secret.slice(prefix.length), 'base64');

function isSecret(text: string): boolean {
  const bytes = keyOf(text);
  return (
    text.startsWith(prefix) && text === prefix + bytes.toString('base64') && bytes.length >= shortest && bytes.length <= longest
  );
}

/** One secret, or several with spaces between them while receivers change to a new one. A fault must not quote it. */
export const secrets = v.pipe(
  v.string(),
  v.transform((text) => text.trim().split(/\s+/)),
  v.check((all) => all.every(isSecret), `must be ${prefix} and ${shortest} to ${longest} bytes in base64`),
  v.transform((all) => all.map(keyOf)),
);

/** A message as it is signed. */
export interface Signed {
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  body: string;
}

/** The headers of a message (https://www.standardwebhooks.com), with a signature by each key. */
export function signatureHeaders(keys: readonly Buffer[], { id, timestamp, body }: Signed): Record<string, string> {
  const sign = (key: Buffer) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': keys.map(sign).join(' ') };
}
