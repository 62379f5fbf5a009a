import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { S3Failed, failureOf } from './s3-failure.ts';
import type { Bucket } from './s3-location.ts';
import { type IdleTimeout, idleTimeout } from './idle-timeout.ts';
import { chunksOf, type Content } from './content.ts';

export interface S3Request {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** The name of the object in the bucket; "" is the bucket itself. */
  object: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: { content: Content; size: number };
}

export interface S3Response {
  response: Response;
  timeout: IdleTimeout;
}

export interface Timing {
  /** Seconds without a byte in either direction after which a request is aborted. */
  idleSeconds: number;
  attempts: number;
  /** Milliseconds before the second attempt; doubled each time, with jitter so that many do not come at once. */
  backOff: number;
}

/**
 * How fetch sends a stream. To follow redirects and ask for passwords, it keeps a copy of everything it sends, unless it may do neither:
 * "If request's window is no-window and its redirect mode is error" (Fetch Standard, HTTP-network-or-cache fetch).
 */
const streaming = { duplex: 'half', window: null, redirect: 'error' } as const;

/**
 * Sends signed requests to one bucket, and retries where that may help. Every call of the store can be repeated.
 * The caller reads the body of the response and ends its timeout.
 */
export function s3Client({ address, region, credentials }: Bucket, { idleSeconds, attempts, backOff }: Timing) {
  // The signing key is derived once a day.
  const signing = { ...credentials, region, service: 's3', cache: new Map<string, ArrayBuffer>() };

  async function once({ method, object, query, headers, body }: S3Request, timeout: IdleTimeout): Promise<Response> {
    const url = addressOf(object, query);
    const length = body && { 'content-length': String(body.size), 'content-type': 'application/octet-stream' };
    const signed = await new AwsV4Signer({ ...signing, method, url, headers: { ...length, ...headers } }).sign();
    // Not signed, because proxies rewrite it; a compressed response would differ in length from its object.
    signed.headers.set('accept-encoding', 'identity');
    return fetch(signed.url, {
      method,
      headers: signed.headers,
      signal: timeout.signal,
      // A redirect leads to another region or host, where the signature is not valid.
      redirect: 'manual',
      ...(body && { body: watched(chunksOf(body.content), timeout), ...streaming }),
    });
  }

  function addressOf(object: string, query: Record<string, string> = {}): string {
    return `${address}/${object}?${new URLSearchParams(query).toString()}`.replace(/\?$/, '');
  }

  return {
    /** @throws S3Failed for any status of 300 or above; another error if no response came */
    async send(asked: S3Request): Promise<S3Response> {
      const request = `${asked.method} ${asked.object || address}`;
      for (let attempt = 1; ; attempt += 1) {
        const timeout = idleTimeout(idleSeconds);
        try {
          const response = await once(asked, timeout);
          timeout.progress();
          if (!response.ok) throw await failureOf(request, response);
          return { response, timeout };
        } catch (error) {
          timeout.end();
          const failed = error instanceof S3Failed ? error : redirected(error, request);
          if (attempt === attempts || failed?.passing === false) {
            throw failed ?? new Error(`S3 did not answer ${request}`, { cause: error });
          }
        }
        await sleep(backOff * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
      }
    },

    /** A URL that carries its own signature, valid for `seconds`. */
    async presign(object: string, seconds: number, query: Record<string, string>): Promise<string> {
      const url = addressOf(object, { ...query, 'X-Amz-Expires': String(seconds) });
      const signed = await new AwsV4Signer({ ...signing, method: 'GET', url, signQuery: true }).sign();
      // A space is signed as %20; "+" means a space only in forms.
      return signed.url.href.replaceAll('+', '%20');
    },
  };
}

/** Passes chunks on, counting each as progress. */
async function* watched(chunks: AsyncIterable<Uint8Array>, timeout: IdleTimeout): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    timeout.progress();
    yield chunk;
  }
}

/** The price of `streaming`: fetch says that there was a redirect, but not where to. */
function redirected(error: unknown, request: string): S3Failed | undefined {
  const { cause } = error as Error;
  if (!(cause instanceof Error) || cause.message !== 'unexpected redirect') return undefined;
  return new S3Failed(request, 301, undefined, ': the bucket is in another region, or the endpoint is not that of S3');
}
