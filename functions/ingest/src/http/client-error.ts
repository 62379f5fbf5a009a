import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problem, problemType } from './problem.ts';

const answers: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    'The request took too long to arrive. Send it again, with fewer photos or over a faster connection.',
  ],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
};

/** Answers what fails before there is a request: headers that cannot be read, or that take too long. */
export function refuseConnection(revision: string) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [status, detail] = answers[error.code ?? ''] ?? [400, 'The request is not valid HTTP.'];
    const body = JSON.stringify(problem(status, detail));
    const lines = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `content-type: ${problemType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      `x-darkroom-revision: ${revision}`,
      'connection: close',
    ];
    socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  };
}
