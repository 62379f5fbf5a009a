import { createHash } from 'node:crypto';
import { formats } from '@darkroom/shared/image/formats';
import { longestAddress } from '@darkroom/shared/job/address';
import type { FastifyInstance } from 'fastify';
import base from '../../page/base.css?inline';
import order from '../../page/order.css?inline';
import phone from '../../page/phone.css?inline';
import prints from '../../page/prints.css?inline';
import sheet from '../../page/sheet.css?inline';
import html from '../../page/page.html?inline';
// oxlint-disable-next-line import/default -- its text, not its exports
import script from '../../page/page.ts?inline';
import type { Offers } from '../offers.ts';
import type { Settings } from '../settings.ts';

/**
 * GET /: the page, complete in one response. Two revisions share an address, and a page of one must never load a script of the other.
 * Only its own style and script are allowed, by their hashes.
 */
export function pageRoute(app: FastifyInstance, settings: Settings, offers: Offers): void {
  const facts = { maxFileBytes: settings.MAX_FILE_BYTES, maxFiles: settings.MAX_FILES };
  const parts: Record<string, string> = {
    style: [base, order, sheet, prints, phone].join('\n'),
    script,
    data: JSON.stringify(facts),
    promise: promiseOf(settings),
    imageTypes: Object.keys(formats).join(','),
    addressLength: String(longestAddress),
    maxFiles: String(settings.MAX_FILES),
    maxSize: `${Math.round(settings.MAX_FILE_BYTES / 1024 / 1024)} MB`,
    revision: settings.K_REVISION,
  };
  const page = html.replaceAll(/\/\*(\w+)\*\//g, (mark, name: string) => parts[name] ?? mark);
  const etag = `"${createHash('sha256').update(page).digest('hex').slice(0, 32)}"`;
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(page, 'style')}`,
    `script-src ${hashOf(page, 'script')}`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  app.get('/', async ({ headers }, reply) => {
    // Whichever revision its post reaches has to know what this page promises.
    await offers.keep();
    reply.headers({ etag, 'cache-control': 'no-cache', 'content-security-policy': policy });
    if (headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('text/html; charset=utf-8').send(page);
  });
}

/** The hash of exactly what is between the tags. */
function hashOf(page: string, tag: string): string {
  const text = page.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!;
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function promiseOf({ FILTERS, ARCHIVE }: Settings): string {
  const kinds = new Intl.ListFormat('en').format(FILTERS);
  return `Send photos. They come back by mail as ${kinds} prints${ARCHIVE ? ', packed into one ZIP file' : ''}.`;
}
