import { integer, url } from '@darkroom/shared/config';
import * as v from 'valibot';

export const settings = {
  STORE_URL: url('file:', 's3:'),
  /** Where links in a mail lead: the address of ingest as a person reaches it. */
  PUBLIC_URL: url('http:', 'https:'),
  MAIL_FROM: v.string(),
  MAIL_TRANSPORT: v.optional(v.picklist(['smtp', 'sendgrid'], 'must be smtp or sendgrid'), 'smtp'),
  /** Bytes that a mail may carry; above it, only links. */
  MAIL_ATTACH_MAX: v.optional(integer(0, 30 * 1024 * 1024), String(10 * 1024 * 1024)),
  SMTP_URL: v.optional(url('smtp:', 'smtps:')),
  SENDGRID_API_KEY: v.optional(v.string()),
  SENDGRID_URL: v.optional(url('http:', 'https:'), 'https://api.sendgrid.com/'),
};

export interface Settings {
  MAIL_TRANSPORT: 'smtp' | 'sendgrid';
  SMTP_URL?: string | undefined;
  SENDGRID_API_KEY?: string | undefined;
  SENDGRID_URL: string;
}
