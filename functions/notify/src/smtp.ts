import { createTransport } from 'nodemailer';
import type { Letter } from './letter.ts';
import { sendSeconds, Undeliverable } from './undeliverable.ts';

/** @param url smtp://user:password@host:port, or smtps: */
export async function sendBySmtp(url: string, { to, attachments, ...letter }: Letter): Promise<void> {
  const transport = createTransport(url, { disableFileAccess: true, disableUrlAccess: true });
  // The library's own time-outs count idle time only: a server that answers a byte a minute would hold us for ever.
  const { promise: late, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(() => reject(new Error(`The mail server took longer than ${sendSeconds} s`)), sendSeconds * 1000);
  const mail = {
    ...letter,
    // An object is taken as it is; a string would be parsed, and could name several recipients.
    to: { name: '', address: to },
    envelope: { from: letter.from, to: [to] },
    attachments: attachments.map(({ filename, type, content }) => ({ filename, contentType: type, content })),
  };
  try {
    await Promise.race([transport.sendMail(mail), late]);
  } catch (error) {
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    // 55x at RCPT TO: this mailbox does not exist or does not want it (RFC 5321, 4.2.3).
    if (code === 'EENVELOPE' && responseCode !== undefined && responseCode >= 550 && responseCode < 560) {
      throw new Undeliverable('The mail server refused the address.', { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(deadline);
    transport.close();
  }
}
