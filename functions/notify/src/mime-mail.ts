import { randomBytes } from 'node:crypto';
import type { Attachment } from './attachments.ts';
import { base64Lines, base64Size } from './base64.ts';

/** A mail as it goes over the wire (RFC 5322 and 2045). */
export interface MimeMail {
  /** Bytes of all pieces, known before anything is read. */
  size: number;
  pieces(): AsyncIterable<Buffer>;
  /** Whether a piece is lines of base64. */
  isBase64(piece: Buffer): boolean;
  /** Such a piece has gone: its memory may be used again. */
  giveBack(piece: Buffer): void;
}

/** Memory of pieces that have gone. Whatever is thrown away has to be collected, which took a third of the time that a mail takes. */
const spare: ArrayBuffer[] = [];
const [mostSpare, usualBytes] = [4, 400 * 1024];

function take(bytes: number): Buffer {
  const memory = bytes <= usualBytes ? spare.pop() : undefined;
  return memory ? Buffer.from(memory) : Buffer.allocUnsafeSlow(Math.max(bytes, usualBytes));
}

/**
 * Stands for the content of an attachment while a library writes the mail around it, which would otherwise read all of it, and copy it
 * five times. 24 bytes become 32 characters, on a line of their own.
 */
export interface Placeholder {
  content: Buffer;
}

export function placeholder(): Placeholder {
  return { content: randomBytes(24) };
}

/**
 * Puts attachments where their placeholders are.
 * @param frame the whole mail with placeholders, in the order of the attachments
 */
export function mimeMail(frame: Buffer, attachments: readonly Attachment[], placeholders: readonly Placeholder[]): MimeMail {
  const parts: (Buffer | Attachment)[] = [];
  let end = 0;
  for (const [index, attachment] of attachments.entries()) {
    const mark = placeholders[index]!.content.toString('base64');
    const begin = frame.indexOf(mark, end, 'latin1');
    if (begin === -1) throw new Error('The mail was written without one of its attachments');
    parts.push(frame.subarray(end, begin), attachment);
    end = begin + mark.length;
  }
  parts.push(frame.subarray(end));
  const encoded = new WeakSet<Buffer>();
  return {
    size: parts.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : base64Size(part.bytes)), 0),
    async *pieces() {
      for (const part of parts) {
        if (Buffer.isBuffer(part)) yield part;
        else
          for await (const lines of base64Lines(part.read(), take)) {
            encoded.add(lines);
            yield lines;
          }
      }
    },
    isBase64: (piece) => encoded.has(piece),
    giveBack({ buffer: memory }) {
      if (memory.byteLength === usualBytes && spare.length < mostSpare) spare.push(memory as ArrayBuffer);
    },
  };
}
