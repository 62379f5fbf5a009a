import * as v from 'valibot';

/** A key that a program may show. Of the key itself, only its digest is known. */
export interface ApiKey {
  name: string;
  /** SHA-256. */
  digest: Buffer;
}

const entry = /^([\w.-]{1,50}):([0-9a-f]{64})$/i;

/** "shop:<sha256 in hex>,archive:<sha256 in hex>". A fault must not quote it. */
export const apiKeys = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((part) => part.trim())),
  v.check(
    (parts) => parts.every((part) => entry.test(part)),
    'must be names, each with the SHA-256 of its key in hexadecimal: shop:9f86d0...',
  ),
  v.transform((parts) =>
    parts.map((part): ApiKey => {
      const [, name = '', digest = ''] = entry.exec(part) ?? [];
      return { name, digest: Buffer.from(digest, 'hex') };
    }),
  ),
  v.check((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, 'must give each key a name of its own'),
);
