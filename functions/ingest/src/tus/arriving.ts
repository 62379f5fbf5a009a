import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { bodyOf } from '../http/body.ts';

/** The body of a request that may end early without being lost. */
export interface Arriving {
  /** What comes until the body ends, breaks off or is ended. None of that is an error: the sender will ask how far it got. */
  chunks: AsyncIterable<Buffer>;
  /** Ends it: what comes from now on is nobody's. */
  end(): void;
}

/** Reads at once: what waits unread in a request is lost with its connection. */
export function arriving(request: IncomingMessage, came: (bytes: number) => void): Arriving {
  const kept = new PassThrough();
  let bytes = 0;
  const end = () => {
    request.unpipe(kept);
    kept.end();
  };
  request.on('data', (chunk: Buffer) => came((bytes += chunk.length)));
  request.once('error', end).once('close', end).pipe(kept);
  return { chunks: bodyOf(kept), end };
}
