import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** S3 refused a request. `code` is S3's own name for why, such as AccessDenied or NoSuchBucket. */
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
   * Whether the same request may pass a moment later. A conflict (409) is with another request at the same time, such as a removal
   * beside a conditional write: AWS asks for another try. What the server cannot do at all (501) it will not learn.
   */
  get passing(): boolean {
    if (this.status >= 500) return this.status !== 501;
    return this.status === 409 || this.status === 429 || this.code === 'RequestTimeout';
  }
}

/**
 * Reads why from an answer. Of its body only the code is kept: the rest may hold the key id and what was signed.
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
