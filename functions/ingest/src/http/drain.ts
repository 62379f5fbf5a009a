import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '@darkroom/shared/clock';

/** How many bytes of a refused upload are still read. A browser does not read the response until it has sent everything. */
export const mostDrained = 256 * 1024 * 1024;
/** Milliseconds. */
const longest = 60_000;

/**
 * Drains the rest of a request, and resolves when done. Closing earlier would reset the connection, and the client would show that
 * instead of the response. Beyond the bounds it is cut off after all.
 */
export async function drain(request: IncomingMessage, most = mostDrained, clock: Clock = systemClock): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  const over = new AbortController();
  let left = most;
  const cut = () => void request.destroy();
  clock.sleep(longest, over.signal).then(cut, () => {});
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
  await new Promise<void>((resolve) => request.once('close', resolve).once('end', resolve));
  over.abort();
}
