import type { IncomingMessage } from 'node:http';
import type { Clock } from '@darkroom/shared/clock';

/** How often an upload is checked, and how many checks make up the window over which its rate is measured. */
const [span, spans] = [5_000, 6];

interface Pace {
  /** Bytes a second; 0 means that an upload may be as slow as it likes. */
  least: number;
  /** Called once, after a window with fewer bytes. */
  tooSlow(): void;
  /** Ends the watch. */
  signal: AbortSignal;
  clock: Clock;
}

/**
 * Watches an upload while it arrives. There is no time limit as long as it makes progress, and only the sender's slowness counts: while
 * bytes wait here unread, or this process stood still, we are the slow ones.
 */
export async function watchPace(request: IncomingMessage, { least, tooSlow, signal, clock }: Pace): Promise<void> {
  const { socket } = request;
  let [waited, bytes, seen] = [0, 0, socket.bytesRead];
  if (least === 0) return;
  while (!request.complete) {
    try {
      await clock.sleep(span, signal);
    } catch {
      return;
    }
    if (request.complete) return;
    bytes += socket.bytesRead - seen;
    seen = socket.bytesRead;
    if (request.readableLength > 0) continue;
    waited += 1;
    if (waited < spans) continue;
    if (bytes < (least * span * spans) / 1000) return tooSlow();
    [waited, bytes] = [0, 0];
  }
}
