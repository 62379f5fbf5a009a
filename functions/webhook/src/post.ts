import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Address } from './resolve.ts';

export interface PostRequest {
  url: URL;
  /** Where to connect: the addresses of the host that have been checked. */
  addresses: Address[];
  headers: Record<string, string>;
  body: string;
  /** Ends it. */
  signal: AbortSignal;
}

export interface PostResponse {
  status: number;
  /** As the target wrote it. */
  retryAfter: string | undefined;
}

/** Bytes of an answer that are read. They mean nothing, but a connection that is closed at once may look like a fault to the target. */
const longestAnswer = 16 * 1024;
/** Milliseconds for each address but the last. */
const longestConnecting = 2000;

/**
 * Sends a POST to addresses that have been checked, whatever their name leads to by now. It follows no redirect and uses no proxy: either
 * would connect to an address that nobody has checked.
 * @throws what keeps the answer from coming
 */
export async function post({ url, addresses, headers, body, signal }: PostRequest): Promise<PostResponse> {
  const lookup: LookupFunction = (_hostname, { all }, found) => {
    const [{ address, family }] = addresses as [Address];
    if (all) found(null, addresses);
    else found(null, address, family);
  };
  const options = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    // An agent of its own: the global one may have a proxy, or a connection that is open to another address.
    agent: false,
    lookup,
    autoSelectFamilyAttemptTimeout: longestConnecting,
    signal,
  } as const;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
  request.once('response', resolve).on('error', reject);
  request.once('close', () => reject(new Error('The connection was closed before an answer came')));
  request.end(body);
  const answer = await promise;
  await discard(answer).catch(() => undefined);
  return { status: answer.statusCode!, retryAfter: answer.headers['retry-after'] };
}

async function discard(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestAnswer) return;
  }
}
