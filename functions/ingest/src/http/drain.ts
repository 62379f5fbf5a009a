import type { IncomingMessage } from 'node:http';

/** What is still read of an upload that has been refused. A browser reads no answer before it has sent everything. */
export const mostDrained = 256 * 1024 * 1024;
const mostSeconds = 60;

/**
 * Lets the rest of a request flow off unread, and resolves when it has. Closing before would reset the connection, and the
 * client would show that instead of the answer. Past the bounds it is cut off after all.
 */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  let left = mostDrained;
  const cut = () => request.destroy();
  const timer = setTimeout(cut, mostSeconds * 1000).unref();
  request.unpipe();
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
  await new Promise<void>((resolve) => request.once('close', resolve).once('end', resolve));
  clearTimeout(timer);
}
