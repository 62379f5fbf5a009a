import { createHash } from 'node:crypto';
import type { Job } from '@darkroom/shared/job';
import type { Progress } from '@darkroom/shared/job/progress';
import type { Store } from '@darkroom/shared/store';
import type { Attachment } from './attachments.ts';
import { contentOf } from './content.ts';
import { html } from './html.ts';
import { plainText } from './plain-text.ts';

export interface Mail {
  from: string;
  replyTo?: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The same for every attempt, so that a duplicate can be recognised. */
  messageId: string;
  headers: Record<string, string>;
  /** What the HTML shows comes first. */
  attachments: Attachment[];
}

export interface MailSettings {
  PUBLIC_URL: string;
  MAIL_FROM: string;
  MAIL_REPLY_TO?: string | undefined;
  RETENTION: number;
}

/** A job of somebody who gave an address. */
export type AddressedJob = Job & { email: string };

interface Facts {
  store: Store;
  job: AddressedJob;
  progress: Progress;
  attachments: Attachment[];
  /** The picture that the mail shows. */
  cover?: Attachment | undefined;
  settings: MailSettings;
}

/** Marks the mail as sent by a machine, so that no absence notice comes back (RFC 3834, 5; the other header is for Exchange). */
const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

/** Writes the mail of a job, in its language. */
export async function composeMail({ store, job, progress, attachments, cover, settings }: Facts): Promise<Mail> {
  const { PUBLIC_URL: url, RETENTION: retention } = settings;
  const content = await contentOf({ store, job, progress, attached: attachments.length, url, retention });
  const messageId = messageIdOf(job.job, settings.MAIL_FROM);
  const cid = `cover.${messageId.slice(1, -1)}`;
  return {
    from: settings.MAIL_FROM,
    ...(settings.MAIL_REPLY_TO !== undefined && { replyTo: settings.MAIL_REPLY_TO }),
    to: job.email,
    subject: content.subject,
    text: plainText(content),
    html: html(content, cover && cid),
    messageId,
    headers: { ...headers, 'Content-Language': content.locale },
    attachments: [...(cover ? [{ ...cover, cid }] : []), ...attachments],
  };
}

/** Derived from the job, but the job cannot be derived from it: headers travel further than the mail, and whoever knows the job can delete it. */
export function messageIdOf(job: string, from: string): string {
  const digest = createHash('sha256').update(`mail of ${job}`).digest('hex').slice(0, 32);
  return `<${digest}@${/@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'darkroom'}>`;
}
