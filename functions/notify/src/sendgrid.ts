import type { Clock } from '@darkroom/shared/clock';
import service from '@sendgrid/mail';
import type { Attachment } from './attachments.ts';
import type { Send } from './handover.ts';
import { classifyFailure, type SendGridFailure } from './sendgrid-reply.ts';

/** Until the whole answer is there. The largest mail takes half a minute on a slow line. */
export const answerSeconds = 2 * 60;

/** Sends by SendGrid's v3 API (POST /v3/mail/send). */
export function openSendGrid(url: string, key: string, clock: Clock): Send {
  service.setApiKey(key);
  // Closes a connection that is silent. The bound below also holds where an answer trickles in.
  service.setTimeout(answerSeconds * 1000);
  clientOf(service).setDefaultRequest('baseUrl', url);

  return async ({ messageId, headers, attachments, ...mail }, handover) => {
    const files = await Promise.all(
      attachments.map(async ({ filename, type, cid, ...file }) => ({
        filename,
        type,
        content: (await whole(file)).toString('base64'),
        // As the API has it: the library converts no names in here, and contentId, which its types have, would be lost.
        ...(cid === undefined ? { disposition: 'attachment' } : { disposition: 'inline', content_id: cid }),
      })),
    );
    await handover.confirm();
    const answered = new AbortController();
    try {
      const sending = service.send({
        ...mail,
        headers: { ...headers, 'Message-ID': messageId },
        attachments: files,
        // Links through a tracker would tell a third party who downloads which photos.
        trackingSettings: { clickTracking: { enable: false }, openTracking: { enable: false } },
      });
      const tooSlow = clock.sleep(answerSeconds * 1000, answered.signal).then(() => {
        throw Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' });
      });
      await Promise.race([sending, tooSlow]);
      return { kind: 'sent' };
    } catch (error) {
      // The library's error contains the request, with key and address: only codes leave this file.
      return classifyFailure(error as SendGridFailure, clock);
    } finally {
      answered.abort();
    }
  };
}

async function whole({ bytes, read }: Pick<Attachment, 'bytes' | 'read'>): Promise<Buffer> {
  const content = Buffer.allocUnsafe(bytes);
  let end = 0;
  for await (const chunk of read()) end += chunk.copy(content, end);
  return content;
}

interface Client {
  setDefaultRequest(key: string, value: string): void;
}
const clientOf = (library: unknown) => (library as { client: Client }).client;
