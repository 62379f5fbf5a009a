import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '../clock.ts';
import { type S3Response, type S3Request, s3Client, type Timing } from './s3-client.ts';
import { attachment } from './s3-disposition.ts';
import { S3Failed } from './s3-failure.ts';
import { parsePage } from './s3-listing.ts';
import type { Bucket } from './s3-location.ts';
import type { Content } from './content.ts';
import type { Store } from './store.ts';
import { assertKey, assertPrefix, assertRange, type Range } from './key.ts';

/** Says which call wrote an object, so that a writer recognises its own work. */
const writer = 'x-amz-meta-writer';

/** A store in an S3 bucket, or on any compatible server that honours `If-None-Match: *` on PUT. */
export function s3Store(
  bucket: Bucket,
  { idleSeconds = 30, attempts = 3, backOff = 200, clock = systemClock }: Partial<Timing> = {},
): Store {
  const client = s3Client(bucket, { idleSeconds, attempts, backOff, clock });
  const objectOf = (key: string) => {
    assertKey(key);
    return bucket.prefix + key;
  };

  async function put(object: string, content: Content, headers: Record<string, string> = {}): Promise<void> {
    const size = content instanceof Uint8Array ? content.length : (await stat(content.file)).size;
    await text((await client.send({ method: 'PUT', object, headers, body: { content, size } })).body);
  }

  async function headersOf(object: string): Promise<IncomingHttpHeaders | undefined> {
    const answer = await presentOrUndefined(client.send({ method: 'HEAD', object }));
    if (answer) await text(answer.body);
    return answer?.headers;
  }

  return {
    async stat(key) {
      const headers = await headersOf(objectOf(key));
      if (!headers) return undefined;
      const { 'content-length': size, etag, 'last-modified': modified = 0 } = headers;
      if (!size || !etag) throw new Error(`S3 returned ${key} without a size or an etag`);
      // Some servers omit the quotes.
      return {
        key,
        size: Number(size),
        modified: new Date(modified),
        etag: etag.replace(/^[^"].*$/, '"$&"'),
      };
    },

    async read(key, range = {}) {
      assertRange(range);
      const request: S3Request = { method: 'GET', object: objectOf(key), headers: rangeHeader(range) };
      try {
        const answer = await presentOrUndefined(client.send(request));
        return answer?.body;
      } catch (error) {
        // The range begins past the end.
        if (error instanceof S3Failed && error.status === 416) return Readable.from([]);
        throw error;
      }
    },

    async write(key, content) {
      await put(objectOf(key), content);
    },

    async writeOnce(key, content) {
      const object = objectOf(key);
      // Avoids sending a large file for nothing.
      if ('file' in content && (await headersOf(object))) return false;
      const me = randomUUID();
      try {
        await put(object, content, { 'if-none-match': '*', [writer]: me });
        return true;
      } catch (error) {
        if (!(error instanceof S3Failed) || error.status !== 412) throw error;
        // If an earlier attempt lost its response, or a proxy repeated it, we collide with ourselves: then we are the winner.
        return (await headersOf(object))?.[writer] === me;
      }
    },

    async *list(prefix) {
      assertPrefix(prefix);
      let next: string | undefined;
      do {
        const query = { 'list-type': '2', prefix: bucket.prefix + prefix, ...(next && { 'continuation-token': next }) };
        const { body } = await client.send({ method: 'GET', object: '', query });
        const page = parsePage(await text(body), bucket.prefix);
        yield* page.entries;
        next = page.next;
      } while (next);
    },

    async remove(key) {
      const answer = await presentOrUndefined(client.send({ method: 'DELETE', object: objectOf(key) }));
      if (answer) await text(answer.body);
    },

    async presign(key, { seconds, filename, type }) {
      const query = { 'response-content-disposition': attachment(filename), 'response-content-type': type };
      return client.presign(objectOf(key), seconds, query);
    },
  };
}

/** A missing key is not a fault, a missing bucket is. The response to HEAD has no body that could distinguish them. */
async function presentOrUndefined(sent: Promise<S3Response>): Promise<S3Response | undefined> {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof S3Failed && error.status === 404 && error.code !== 'NoSuchBucket') return undefined;
    throw error;
  }
}

function rangeHeader({ start, end }: Range): Record<string, string> {
  return start === undefined && end === undefined ? {} : { range: `bytes=${start ?? 0}-${end ?? ''}` };
}
