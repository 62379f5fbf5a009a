import { createTransport } from 'nodemailer';
import { type Letter, type Send, sendSeconds, Undeliverable } from './letter.ts';

/**
 * Sends over connections that stay open between mails: greeting, TLS and sign-in cost more than the mail itself.
 * @param url smtp://user:password@host:port, or smtps:
 */
export function openSmtp(url: string): Send {
  const connect = () => createTransport({ url, pool: true, disableFileAccess: true, disableUrlAccess: true });
  let transport = connect();

  return async ({ to, attachments, ...letter }: Letter) => {
    const mail = {
      ...letter,
      // An object is taken as it is; a string would be parsed, and could name several recipients.
      to: { name: '', address: to },
      envelope: { from: letter.from, to: [to] },
      attachments: attachments.map(({ filename, type, content }) => ({ filename, contentType: type, content })),
    };
    // The library's own time-outs count idle time only: a server that answers a byte a minute would hold us for ever.
    const { promise: late, reject } = Promise.withResolvers<never>();
    const deadline = setTimeout(() => {
      reject(new Error(`The mail server took longer than ${sendSeconds} s`));
      transport.close();
      transport = connect();
    }, sendSeconds * 1000);
    try {
      await Promise.race([transport.sendMail(mail), late]);
    } catch (error) {
      throw isRefusal(error) ? new Undeliverable('The mail server refused the address.', { cause: error }) : error;
    } finally {
      clearTimeout(deadline);
    }
  };
}

/** 55x at RCPT TO: this mailbox does not exist or does not want it (RFC 5321, 4.2.3). */
function isRefusal(error: unknown): boolean {
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number };
  return code === 'EENVELOPE' && responseCode >= 550 && responseCode < 560;
}
