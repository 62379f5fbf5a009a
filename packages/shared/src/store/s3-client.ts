import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsV4Signer } from 'aws4fetch';
import type { Clock } from '../clock.ts';
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
  headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed: until then it holds a connection. */
  body: Readable;
}

export interface Timing {
  /** Seconds without a byte in either direction after which a request is aborted. */
  idleSeconds: number;
  attempts: number;
  /** Milliseconds before the second attempt; doubled each time, with jitter so that many do not come at once. */
  backOff: number;
  clock: Clock;
}

/**
 * How connections are kept. Servers close idle ones after 5 s or later: one that we close first cannot be closed under a request.
 * Their number has no limit, since a body that is read slowly holds its connection, and must not keep other requests waiting.
 */
const connections = { keepAlive: true, timeout: 4000, maxSockets: Infinity, maxFreeSockets: 32 };

/**
 * Sends signed requests to one bucket, and again where that may help. All calls of the store can be repeated.
 * By node:http, since the fetch of Node 24 (undici 7.29) ends the process when a server hangs up while a body waits for its reader
 * (https://github.com/nodejs/undici/issues/5360).
 */
export function s3Client({ address, region, credentials }: Bucket, { idleSeconds, attempts, backOff, clock }: Timing) {
  // The signing key is derived once a day.
  const signing = { ...credentials, region, service: 's3', cache: new Map<string, ArrayBuffer>() };
  const protocol = address.startsWith('https:') ? https : http;
  const agent = new protocol.Agent(connections);

  async function once({ method, object, query, headers, body }: S3Request, timeout: IdleTimeout): Promise<IncomingMessage> {
    const url = addressOf(object, query);
    const length = body && { 'content-length': String(body.size), 'content-type': 'application/octet-stream' };
    const signed = await new AwsV4Signer({ ...signing, method, url, headers: { ...length, ...headers } }).sign();
    // Not signed, because proxies rewrite it; a compressed response would differ in length from its object.
    signed.headers.set('accept-encoding', 'identity');
    return new Promise((resolve, reject) => {
      const request = protocol.request(signed.url, { method, agent, headers: Object.fromEntries(signed.headers) });
      // Also when it is over: what was not sent by then, or not read, never will be.
      timeout.signal.addEventListener('abort', () => request.destroy(timeout.signal.reason as Error));
      request.once('response', resolve).on('error', reject);
      if (body) pipeline(watched(body, timeout), request).catch(reject);
      else request.end();
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
        const timeout = idleTimeout(idleSeconds, clock);
        try {
          const response = await once(asked, timeout);
          timeout.progress();
          if (!response.statusCode || response.statusCode >= 300) throw await failureOf(request, response);
          return { headers: response.headers, body: bodyOf(request, response, timeout) };
        } catch (error) {
          timeout.end();
          const failed = error instanceof S3Failed ? error : undefined;
          if (attempt === attempts || failed?.passing === false) {
            throw failed ?? new Error(`S3 did not answer ${request}`, { cause: error });
          }
        }
        await clock.sleep(backOff * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
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

/**
 * Pieces on their way out, each of which counts as progress. A byte more than content-length says would be taken for the beginning
 * of the next request on the connection; one fewer would be waited for.
 */
async function* watched({ content, size }: { content: Content; size: number }, timeout: IdleTimeout): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const chunk of chunksOf(content)) {
    timeout.progress();
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new Error(`The file did not hold ${size} bytes, as it did a moment ago`);
}

/** The bytes as they arrive. While the reader takes its time the clock stands still: only the server can be too slow. */
function bodyOf(request: string, response: IncomingMessage, timeout: IdleTimeout): Readable {
  async function* chunks() {
    timeout.progress();
    try {
      for await (const chunk of response) {
        timeout.pause();
        yield chunk as Buffer;
        timeout.progress();
      }
    } catch (error) {
      if (timeout.signal.aborted) throw timeout.signal.reason;
      throw response.errored ? new Error(`S3 broke off its answer to ${request}`, { cause: error }) : error;
    }
  }
  timeout.pause();
  return Readable.from(chunks(), { objectMode: false }).once('close', () => timeout.end());
}
