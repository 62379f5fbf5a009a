import type { Readable, Transform } from 'node:stream';

/**
 * SMTP doubles a dot that begins a line, and wants CRLF alone (RFC 5321, 4.5.2 and 2.3.8). nodemailer looks at every byte for that, which
 * takes longer than all else that is done for a mail. Lines of base64 have neither dots nor other line breaks, and are passed on as they are.
 * @param mail is piped by nodemailer into the stream that does so; if it is not, nothing changes
 * @param isBase64 whether a piece is whole lines of base64
 */
export function exemptBase64(mail: Readable, isBase64: (piece: Buffer) => boolean): Readable {
  const { pipe } = mail;
  const exempting = ((stuffing: Transform, options?: { end?: boolean }) => {
    const { _transform: stuff } = stuffing;
    const transform: typeof stuff = (piece: Buffer, encoding, done) => {
      if (isBase64(piece)) done(null, piece);
      else stuff.call(stuffing, piece, encoding, done);
    };
    Object.assign(stuffing, { _transform: transform });
    return pipe.call(mail, stuffing, options);
  }) as typeof pipe;
  return Object.assign(mail, { pipe: exempting });
}
