import { formatOption } from '@darkroom/shared/image/formats';
import { longestAddress } from '@darkroom/shared/job/address';
import { locales } from '@darkroom/shared/job/locale';
import { longestTarget } from '@darkroom/shared/webhook/target';

/** The fields of a post in JSON Schema, from which they are read as well. Those of filters are in OPTIONS. */
export const fields = {
  email: {
    type: 'string',
    format: 'email',
    maxLength: longestAddress,
    description: 'Exactly one plain address. Without one there is no mail, and the prints are on the page only.',
  },
  notify_url: {
    type: 'string',
    format: 'uri',
    maxLength: longestTarget,
    description: 'A public address that is told, by a signed webhook, when the job has ended (docs/webhook.md).',
  },
  format: {
    type: 'string',
    enum: Object.keys(formatOption) as (keyof typeof formatOption)[],
    description: 'What prints are encoded as; by default, the same as each photo.',
  },
  quality: { type: 'integer', minimum: 1, maximum: 100, description: 'For formats that have one.' },
  locale: {
    type: 'string',
    enum: [...locales],
    description: 'The language of the mail; by default, the one that Accept-Language prefers.',
  },
  wait: {
    type: 'number',
    minimum: 0,
    maximum: 30,
    description: 'Seconds to hold the response back, for watching a cluster scale.',
  },
  revision: {
    type: 'string',
    pattern: '^\\w[\\w.-]{0,99}$',
    description: 'The revision whose offer is wanted; by default, that of the one that answers.',
  },
} as const;

/** The field “filter”, of which there may be several. */
export const filterField = (offered: readonly string[]) => ({
  type: 'array',
  items: { type: 'string', enum: offered },
  description: 'The filters that are wanted, a field for each; without any, all of them.',
});

/** The header Accept-Language. */
export const acceptLanguageSchema = {
  type: 'string',
  description: 'RFC 9110, 12.5.4. The language of the mail, unless the field “locale” names it.',
} as const;

/** The header Idempotency-Key. */
export const idempotencyKeySchema = {
  type: 'string',
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description: 'A key of your own for this post: sent again with the same key, it leads to the same job.',
} as const;
