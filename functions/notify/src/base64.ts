/** Bytes of content in a line, and characters that they become (RFC 2045, 6.8). */
const [lineBytes, lineLength] = [57, 76];
const [cr, lf] = [0x0d, 0x0a];

/** How many bytes `base64Lines` makes of so many. */
export function base64Size(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + Math.ceil(bytes / lineBytes) * 2;
}

/** Encodes content for a mail, piece by piece; each line ends with CRLF. */
export async function* base64Lines(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of content) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % lineBytes);
    if (whole > 0) yield linesOf(bytes.subarray(0, whole));
    rest = bytes.subarray(whole);
  }
  if (rest.length > 0) yield linesOf(rest);
}

/** Lines that are encoded at once, into memory that is used again: what is thrown away would have to be collected. */
const batch = 512;
const characters = Buffer.allocUnsafe(batch * lineLength);

function linesOf(bytes: Buffer): Buffer {
  const lines = Buffer.allocUnsafe(base64Size(bytes.length));
  let end = 0;
  for (let at = 0; at < bytes.length; at += batch * lineBytes) {
    const length = characters.write(bytes.toString('base64', at, at + batch * lineBytes), 'latin1');
    for (let begin = 0; begin < length; begin += lineLength) {
      end += characters.copy(lines, end, begin, Math.min(begin + lineLength, length));
      lines[end++] = cr;
      lines[end++] = lf;
    }
  }
  return lines;
}
