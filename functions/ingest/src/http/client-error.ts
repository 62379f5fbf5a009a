import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problem, problemType } from './problem.ts';

const tooSlow = 'The request took too long to arrive. Send it again, with fewer photos or over a faster connection.';

const answers: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, tooSlow],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
};

/** Answers what fails before there is a request: headers that cannot be read or take too long. */
export function refuseConnection(revision: string) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [status, detail] = answers[String(error.code)] ?? [400, 'The request is not valid HTTP.'];
    socket.end(rawAnswer(revision, status, detail));
  };
}

/** Ends an upload that arrives too slowly. Writes straight to the socket; whoever is still reading the upload finds it broken off. */
export function refuseSlowUpload(revision: string, socket: Socket): void {
  if (socket.writable) socket.end(rawAnswer(revision, 408, tooSlow), () => socket.destroy());
}

function rawAnswer(revision: string, status: number, detail: string): string {
  const body = JSON.stringify(problem(status, detail));
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-darkroom-revision: ${revision}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
