/** Bytes of content in a line, and characters that they become (RFC 2045, 6.8). */
const [lineBytes, lineLength] = [57, 76];
const [cr, lf] = [0x0d, 0x0a];

/** How many bytes `base64Lines` makes of so many. */
export function base64Size(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + Math.ceil(bytes / lineBytes) * 2;
}

/** Lines that are encoded at once, into memory that is used again: what is thrown away would have to be collected. */
const batch = 512;
const characters = Buffer.allocUnsafe(batch * lineLength);

/**
 * Encodes content for a mail, piece by piece; each line ends with CRLF.
 * @param content a chunk need be good only until the next one is asked for
 * @param take returns memory of at least so many bytes, for the next piece
 */
export async function* base64Lines(
  content: AsyncIterable<Buffer>,
  take: (bytes: number) => Buffer = Buffer.allocUnsafe,
): AsyncGenerator<Buffer> {
  /** The beginning of a line whose other bytes have not come yet. */
  const begun = Buffer.allocUnsafe(lineBytes);
  let length = 0;
  for await (const chunk of content) {
    const start = length > 0 ? chunk.copy(begun, length, 0, lineBytes - length) : 0;
    length += start;
    if (length > 0 && length < lineBytes) continue;
    const end = chunk.length - ((chunk.length - start) % lineBytes);
    const size = base64Size(length) + base64Size(end - start);
    if (size > 0) {
      const piece = take(size);
      writeLines(chunk.subarray(start, end), piece, writeLines(begun.subarray(0, length), piece, 0));
      yield piece.subarray(0, size);
    }
    length = chunk.copy(begun, 0, end);
  }
  if (length === 0) return;
  const last = Buffer.allocUnsafe(base64Size(length));
  writeLines(begun.subarray(0, length), last, 0);
  yield last;
}

/** @returns where they end */
function writeLines(bytes: Buffer, into: Buffer, start: number): number {
  let end = start;
  for (let at = 0; at < bytes.length; at += batch * lineBytes) {
    const written = characters.write(bytes.toString('base64', at, at + batch * lineBytes), 'latin1');
    for (let begin = 0; begin < written; begin += lineLength) {
      end += characters.copy(into, end, begin, Math.min(begin + lineLength, written));
      into[end++] = cr;
      into[end++] = lf;
    }
  }
  return end;
}
