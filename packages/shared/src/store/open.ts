import { fileURLToPath } from 'node:url';
import type { Environment } from '../config.ts';
import { Misconfigured } from '../errors.ts';
import { measured } from './measured.ts';
import type { Store } from './store.ts';
import { fileStore } from './file-store.ts';
import { bucketOf } from './s3-location.ts';
import { s3Store } from './s3-store.ts';
import { storeForms } from './url.ts';

/**
 * @param location `file:/absolute/folder` or `s3://bucket/prefix?region=...&endpoint=...`
 * @throws Misconfigured
 */
export function openStore(location: string, environment: Environment = process.env): Store {
  if (!URL.canParse(location)) throw new Misconfigured(`STORE_URL is not a URL. Use ${storeForms}.`);
  const url = new URL(location);
  if (url.protocol === 's3:') return measured(s3Store(bucketOf(url, environment)));
  if (url.protocol !== 'file:') throw new Misconfigured(`STORE_URL: no store speaks "${url.protocol}". Use ${storeForms}.`);
  try {
    return measured(fileStore(fileURLToPath(url)));
  } catch (cause) {
    throw new Misconfigured(`STORE_URL does not name a folder on this machine. Use ${storeForms}.`, { cause });
  }
}
