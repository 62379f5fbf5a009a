import { integer, url } from '@darkroom/shared/config';
import { retention } from '@darkroom/shared/job/retention';
import { storeUrl } from '@darkroom/shared/store/url';
import * as v from 'valibot';

const day = 24 * 60 * 60;

export const settings = {
  STORE_URL: storeUrl,
  /** Where links in a mail lead: the address at which people reach ingest. */
  PUBLIC_URL: url('http:', 'https:'),
  MAIL_FROM: v.string(),
  /** Where replies go, if not to MAIL_FROM. */
  MAIL_REPLY_TO: v.optional(v.string()),
  MAIL_TRANSPORT: v.optional(v.picklist(['smtp', 'sendgrid'], 'must be smtp or sendgrid'), 'smtp'),
  /** Bytes that attachments may take in a mail, encoded; beyond that, only links. */
  MAIL_ATTACH_MAX: v.optional(integer(0, 30 * 1024 * 1024), String(10 * 1024 * 1024)),
  /** Seconds until the next attempt if an immediate one would not help. Later pauses are longer, up to five times. */
  MAIL_RETRY: v.optional(integer(1, day), '60'),
  SMTP_URL: v.optional(url('smtp:', 'smtps:')),
  SENDGRID_API_KEY: v.optional(v.string()),
  SENDGRID_URL: v.optional(url('http:', 'https:'), 'https://api.sendgrid.com/'),
  /** Seconds after which the photos are gone, as the mail says. */
  RETENTION: retention,
};

export interface Settings {
  MAIL_TRANSPORT: 'smtp' | 'sendgrid';
  SMTP_URL?: string | undefined;
  SENDGRID_API_KEY?: string | undefined;
  SENDGRID_URL: string;
}
