import { createReadStream } from 'node:fs';

/** Bytes in memory, or the path of a local file that holds them. */
export type Content = Uint8Array | { file: string };

/** Yields content piece by piece, however large. A file is opened when the first piece is requested, and closed at the end. */
export async function* chunksOf(content: Content): AsyncGenerator<Uint8Array> {
  const step = 256 * 1024;
  if (!(content instanceof Uint8Array))
    yield* createReadStream(content.file, { highWaterMark: step }) as AsyncIterable<Uint8Array>;
  else for (let start = 0; start < content.length; start += step) yield content.subarray(start, start + step);
}
