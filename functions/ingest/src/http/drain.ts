import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '@darkroom/shared/clock';

/** What is still read of an upload that has been refused. A browser reads no answer before it has sent everything. */
export const mostDrained = 256 * 1024 * 1024;
/** Milliseconds. */
const longest = 60_000;

/**
 * Lets the rest of a request flow off unread, and resolves when it has. Closing before would reset the connection, and the
 * client would show that instead of the answer. Past the bounds it is cut off after all.
 */
export async function drain(request: IncomingMessage, most = mostDrained, clock: Clock = systemClock): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  const over = new AbortController();
  let left = most;
  const cut = () => void request.destroy();
  clock.sleep(longest, over.signal).then(cut, () => {});
  request.unpipe();
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
  await new Promise<void>((resolve) => request.once('close', resolve).once('end', resolve));
  over.abort();
}
