import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** S3 refused a request. `code` is S3's own name for the reason, such as AccessDenied or NoSuchBucket. */
export class S3Failed extends Error {
  override readonly name = 'S3Failed';
  readonly status: number;
  readonly code: string | undefined;

  constructor(request: string, status: number, code: string | undefined, detail = '') {
    super(`S3 answered ${[status, code].filter(Boolean).join(' ')} to ${request}${detail}`);
    this.status = status;
    this.code = code;
  }

  /**
   * Whether the same request may succeed a moment later. A conflict (409) is with a concurrent request, such as a removal during a
   * conditional write: AWS says to try again. What a server does not implement (501), it will not learn.
   */
  get passing(): boolean {
    if (this.status >= 500) return this.status !== 501;
    return this.status === 409 || this.status === 429 || this.code === 'RequestTimeout';
  }
}

/**
 * Reads the reason from a response. Only the code of its body is kept: the rest may contain the key id and what was signed.
 * @param request words such as "PUT jobs/1/job.json"
 */
export async function failureOf(request: string, response: IncomingMessage): Promise<S3Failed> {
  const { statusCode: status = 0, headers } = response;
  const body = await text(response).catch(() => '');
  const code = /<Code>\s*(\w{1,60})\s*<\/Code>/.exec(body)?.[1];
  const id = headers['x-amz-request-id']?.toString().split(',')[0];
  const details = [whereTo(status, headers['x-amz-bucket-region']?.toString()), id && `request ${id}`].filter(Boolean);
  return new S3Failed(request, status, code, details.length > 0 ? ` (${details.join(', ')})` : '');
}

/** AWS names the region where the bucket lies elsewhere. A redirect is not followed: the signature does not hold there. */
function whereTo(status: number, region?: string): string | undefined {
  if (status < 300 || status >= 500) return undefined;
  if (region) return `the bucket is in ${region}`;
  return status < 400 ? 'the bucket is in another region, or the endpoint is not that of S3' : undefined;
}
