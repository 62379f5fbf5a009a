import { getDefaultHighWaterMark, type Readable, type Transform } from 'node:stream';
import type { MimeMail } from './mime-mail.ts';

/** Of a piece that is larger, a socket takes no other before it has passed on all of it. */
const takenAhead = getDefaultHighWaterMark(false);

/**
 * SMTP doubles a dot that begins a line, and wants CRLF alone (RFC 5321, 4.5.2 and 2.3.8). nodemailer looks at every byte for that, which
 * takes longer than all else that is done for a mail. Lines of base64 have neither dots nor other line breaks, and are passed on as they are.
 * A large piece is given back once the next one comes out of that stream: until the socket has all of it, `pipe` waits.
 * @param mail is piped by nodemailer into the stream that does so; if it is not, nothing changes
 */
export function exemptBase64(mail: Readable, { isBase64, giveBack }: Pick<MimeMail, 'isBase64' | 'giveBack'>): Readable {
  const { pipe } = mail;
  const exempting = ((stuffing: Transform, options?: { end?: boolean }) => {
    const { _transform: stuff } = stuffing;
    const transform: typeof stuff = (piece: Buffer, encoding, done) => {
      if (isBase64(piece)) done(null, piece);
      else stuff.call(stuffing, piece, encoding, done);
    };
    Object.assign(stuffing, { _transform: transform });
    let passing: Buffer | undefined;
    stuffing.on('data', (piece: Buffer) => {
      if (passing) giveBack(passing);
      passing = piece.length > takenAhead && isBase64(piece) ? piece : undefined;
    });
    return pipe.call(mail, stuffing, options);
  }) as typeof pipe;
  return Object.assign(mail, { pipe: exempting });
}
