import { integer, url } from '@darkroom/shared/config';
import { storeUrl } from '@darkroom/shared/store/url';
import { targetSettings } from '@darkroom/shared/webhook/target';
import * as v from 'valibot';
import { servers } from './resolve.ts';
import { secrets } from './signature.ts';

const day = 24 * 60 * 60;

export const settings = {
  STORE_URL: storeUrl,
  /** Where links in a message lead: the address at which people reach ingest. */
  PUBLIC_URL: url('http:', 'https:'),
  ...targetSettings,
  /** What messages are signed with. */
  WEBHOOK_SECRET: secrets,
  /** Seconds until the next attempt once the first ones have failed; each later pause is twice as long. */
  WEBHOOK_RETRY: v.optional(integer(1, day), '300'),
  /** Servers that resolve names; if absent, those of the system. */
  WEBHOOK_DNS: v.optional(servers),
};
