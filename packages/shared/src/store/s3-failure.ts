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
export async function failureOf(request: string, response: Response): Promise<S3Failed> {
  const body = await response.text().catch(() => '');
  const code = /<Code>\s*(\w{1,60})\s*<\/Code>/.exec(body)?.[1];
  const region = response.headers.get('x-amz-bucket-region');
  const id = response.headers.get('x-amz-request-id')?.split(',')[0];
  const details = [
    // AWS names the right region if the bucket is elsewhere.
    response.status >= 300 && response.status < 500 && region && `the bucket is in ${region}`,
    id && `request ${id}`,
  ].filter(Boolean);
  return new S3Failed(request, response.status, code, details.length > 0 ? ` (${details.join(', ')})` : '');
}
