import type { Entry } from './store.ts';
import { isKey } from './key.ts';

export interface Page {
  entries: Entry[];
  /** Asks for the next page; absent on the last one. */
  next?: string;
}

/**
 * Parses the response to ListObjectsV2. Its XML is flat, without attributes or CDATA, and all text is escaped, so a tag cannot occur
 * within a key. Objects whose names are not valid keys are not ours, and are left out.
 * @param prefix is cut off the names
 * @throws Error if it is not a complete listing
 */
export function parsePage(xml: string, prefix: string): Page {
  if (!/<ListBucketResult[\s>]/.test(xml) || !xml.trimEnd().endsWith('</ListBucketResult>'))
    throw new Error('S3 did not answer with a listing');
  const entries: Entry[] = [];
  for (const [, object = ''] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const name = unescape(textOf(object, 'Key') ?? '');
    const key = name.slice(prefix.length);
    if (!name.startsWith(prefix) || !isKey(key)) continue;
    const entry = { key, size: Number(textOf(object, 'Size')), modified: new Date(textOf(object, 'LastModified') ?? '') };
    if (!Number.isSafeInteger(entry.size) || Number.isNaN(entry.modified.getTime()))
      throw new Error(`S3 lists ${key} without size or time`);
    entries.push(entry);
  }
  if (textOf(xml, 'IsTruncated') !== 'true') return { entries };
  const next = textOf(xml, 'NextContinuationToken');
  if (!next) throw new Error('S3 cut a listing short and did not say how to go on');
  return { entries, next: unescape(next) };
}

function textOf(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name) return named[name] ?? whole;
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
