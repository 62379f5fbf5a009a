import type { IncomingMessage } from 'node:http';

/** What is still read of an upload that has been refused. A browser reads no answer before it has sent everything. */
const mostBytes = 256 * 1024 * 1024;
const mostSeconds = 60;

/**
 * Lets the rest of a request flow off unread. Closing at once would reset the connection, and the client would show
 * that instead of the answer. Past the bounds it is cut off after all.
 */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let left = mostBytes;
  const cut = () => request.destroy();
  const timer = setTimeout(cut, mostSeconds * 1000).unref();
  request.unpipe();
  request.on('error', () => {});
  request.on('close', () => clearTimeout(timer));
  request.on('end', () => clearTimeout(timer));
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
}
