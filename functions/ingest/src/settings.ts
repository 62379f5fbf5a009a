import { isIP } from 'node:net';
import { Misconfigured } from '@darkroom/shared/errors';
import { filterNames, flag, integer, readConfig, url } from '@darkroom/shared/config';
import { optionSchemas } from '@darkroom/shared/filter/option';
import { retention } from '@darkroom/shared/job/retention';
import { storeUrl } from '@darkroom/shared/store/url';
import { targetSettings } from '@darkroom/shared/webhook/target';
import { heic, limits } from '@darkroom/shared/image/limits';
import * as v from 'valibot';
import { apiKeys } from './api-keys.ts';
import { fairShare } from './fair-share.ts';

const { MAX_FILE_BYTES, MAX_FILES, MAX_PIXELS, MAX_FRAMES, MAX_IMAGE_MEMORY, MAX_IMAGE_SECONDS } = limits;

/** Address ranges that Fastify knows by name. */
const ranges = ['loopback', 'linklocal', 'uniquelocal'];

/** "1", or "10.0.0.0/8,loopback". */
const proxies = v.pipe(
  v.string(),
  v.transform((text) => (/^\d{1,2}$/.test(text) ? Number(text) : text.split(',').map((part) => part.trim()))),
  v.check(
    (value) => typeof value === 'number' || value.every((part) => ranges.includes(part) || isNetwork(part)),
    'must be a number of proxies, or addresses and networks such as 10.0.0.0/8,loopback',
  ),
);

function isNetwork(text: string): boolean {
  const [address = '', bits = '0', more] = text.split('/');
  const version = isIP(address);
  return version !== 0 && more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

const origins = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((origin) => origin.trim())),
  v.check(
    (list) => list.every((text) => URL.canParse(text) && new URL(text).origin === text),
    'must be origins such as https://shop.example.com',
  ),
);

const schema = {
  /** 0 means any free port; the first line of the log names it. */
  PORT: v.optional(integer(0, 65_535), '8080'),
  STORE_URL: storeUrl,
  /** Whether downloads pass through ingest, or come by presigned URL from a store that people can reach. */
  DOWNLOADS: v.optional(v.picklist(['proxy', 'redirect'], 'must be proxy or redirect'), 'proxy'),
  K_SINK: url('http:', 'https:'),
  /** Where people find us: its path comes before those of our own links. */
  PUBLIC_URL: v.optional(url('http:', 'https:')),
  FILTERS: filterNames,
  ARCHIVE: v.optional(flag, 'false'),
  /** What a person may choose for filters: their option.json, by filter. */
  OPTIONS: v.optional(optionSchemas, '{}'),
  /** Seconds until a job is removed, as the page says. */
  RETENTION: retention,
  /** Whether a post must name an address. */
  EMAIL_REQUIRED: v.optional(flag, 'false'),
  /** Set by Knative. It becomes a header, hence the plain characters. */
  K_REVISION: v.optional(v.pipe(v.string(), v.regex(/^\w[\w.-]{0,99}$/, 'must be a plain name')), 'local'),
  MAX_FILE_BYTES,
  MAX_FILES,
  MAX_PIXELS,
  MAX_FRAMES,
  MAX_IMAGE_MEMORY,
  MAX_IMAGE_SECONDS,
  HEIC: heic,

  TRUSTED_PROXIES: v.optional(proxies),
  ALLOWED_ORIGINS: v.optional(origins),
  /** The keys that programs may show: each has a share of its own. */
  API_KEYS: v.optional(apiKeys),
  /** Whether a post must show one. */
  API_KEYS_REQUIRED: v.optional(flag, 'false'),
  ...targetSettings,
  ...fairShare,
};

export type Settings = ReturnType<typeof readSettings>;

export function readSettings(environment = process.env) {
  const settings = readConfig(schema, environment);
  if (settings.API_KEYS_REQUIRED && !settings.API_KEYS)
    throw new Misconfigured('Settings are wrong: API_KEYS_REQUIRED=true needs API_KEYS. Set them and start again.');
  return settings;
}
