/**
 * Bytes of a piece of an upload. The process keeps as many in memory until they are stored, and a kill loses them: a slow line has sent
 * them in a quarter of a minute. To S3, each piece is a request.
 */
export const pieceBytes = 1024 * 1024;

/** Joins what arrives to pieces, of which only the last is smaller. Each is valid until the next is asked for. */
export async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // One for all: a list of what came would cost a hundred times its size where it comes byte by byte.
  const piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length;) {
      const room = Math.min(pieceBytes - filled, chunk.length - start);
      piece.set(chunk.subarray(start, start + room), filled);
      filled += room;
      start += room;
      if (filled < pieceBytes) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
