import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';

/** A request that is refused. The message says what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;

  constructor(status: number, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
  }
}

export function writeJson(response: ServerResponse, status: number, content: unknown, type = 'application/json'): void {
  const text = JSON.stringify(content);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** As problem+json (RFC 9457). */
export function writeProblem(response: ServerResponse, { status, message: detail }: Problem): void {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
  writeJson(response, status, problem, 'application/problem+json');
}
