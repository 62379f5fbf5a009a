import mail from '@sendgrid/mail';
import { type Letter, sendSeconds, Undeliverable } from './letter.ts';

/** Sends by SendGrid's v3 API (POST /v3/mail/send). */
export async function sendBySendGrid(url: string, key: string, letter: Letter): Promise<void> {
  mail.setApiKey(key);
  mail.setTimeout(sendSeconds * 1000);
  clientOf(mail).setDefaultRequest('baseUrl', url);
  const { messageId, attachments, ...rest } = letter;
  try {
    await mail.send({
      ...rest,
      headers: { 'Message-ID': messageId },
      attachments: attachments.map(({ filename, type, content }) => ({
        filename,
        type,
        content: content.toString('base64'),
        disposition: 'attachment',
      })),
      // Rewriting links through a tracker would tell a third party who fetches which photos.
      trackingSettings: { clickTracking: { enable: false }, openTracking: { enable: false } },
    });
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    // 400: the request as such, in practice the address. 413: too large for the API. The rest may pass, or be put right by a new key.
    if (code === 400 || code === 413) throw new Undeliverable(`SendGrid refused the mail with ${code}.`, { cause: error });
    // The library's error carries the request, key included: pass on no more than its words, and not as a cause.
    // oxlint-disable-next-line eslint/preserve-caught-error
    throw new Error(`SendGrid answered ${code ?? 'nothing'}: ${message}`);
  }
}

interface Client {
  setDefaultRequest(key: string, value: string): void;
}
const clientOf = (service: unknown) => (service as { client: Client }).client;
