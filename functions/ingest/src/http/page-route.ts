import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { formats } from '@darkroom/shared/image/formats';
import { longestAddress } from '@darkroom/shared/job/address';
import { duration } from '@darkroom/shared/job/retention';
import type { FastifyInstance } from 'fastify';
import base from '../../page/base.css?inline';
import filters from '../../page/filters.css?inline';
import lightbox from '../../page/lightbox.css?inline';
import order from '../../page/order.css?inline';
import phone from '../../page/phone.css?inline';
import prints from '../../page/prints.css?inline';
import sheet from '../../page/sheet.css?inline';
import stages from '../../page/stages.css?inline';
import html from '../../page/page.html?inline';
// oxlint-disable-next-line import/default -- its text, not its exports
import script from '../../page/page.ts?inline';
import { promise } from '../api/promise.ts';
import { filterChoicesOf, optionOf } from './choices.ts';
import type { Offers } from '../offers.ts';
import type { Settings } from '../settings.ts';

/** What those read who cannot send anything. */
const keysOnly =
  '<p class="fault">Photos can only be sent with an API key here, by programs: <a href="/*prefix*//openapi.json">how they do</a>.</p>';

/**
 * GET /: the page, complete in one response. It is made when it is first asked for: a process that starts for a photo need not wait
 * for what Node loads about languages, 12 ms.
 */
export function pageRoute(app: FastifyInstance, settings: Settings, offers: Offers): void {
  let pages: Pages | undefined;

  app.get('/', async ({ headers, prefix }, reply) => {
    // Whichever revision its post reaches has to know what this page promises.
    await offers.keep();
    pages ??= createPages(settings);
    const rendered = pages.at(prefix);
    const { page, digest } = rendered;
    const isPacked = /\bgzip\b/.test(String(headers['accept-encoding']));
    // One of each: they are different bytes.
    const tag = isPacked ? `"${digest}-gzip"` : `"${digest}"`;
    reply.headers({ etag: tag, vary: 'accept-encoding', 'cache-control': 'no-cache', 'content-security-policy': pages.policy });
    if (headers['if-none-match'] === tag) return reply.code(304).send();
    reply.type('text/html; charset=utf-8');
    return isPacked ? reply.header('content-encoding', 'gzip').send((rendered.packed ??= gzipSync(page))) : reply.send(page);
  });
}

interface Pages {
  /** Content-Security-Policy. */
  policy: string;
  at(prefix: string): Page;
}

interface Page {
  prefix: string;
  page: string;
  digest: string;
  packed?: Buffer;
}

/**
 * Two revisions share an address, and a page of one must never load a script of the other. Only its own style and script are allowed,
 * by their hashes.
 */
function createPages(settings: Settings): Pages {
  const { HEIC } = settings;
  const parts: Record<string, string> = {
    style: [base, order, filters, sheet, stages, prints, lightbox, phone].join('\n'),
    script,
    promise: `Send photos. They come back as ${promise(settings.FILTERS, settings.ARCHIVE)}.`,
    optional: settings.EMAIL_REQUIRED ? '' : ' (optional)',
    filters: filterChoicesOf(settings),
    option: optionOf(settings),
    terms: `Photos and prints are kept for ${duration(settings.RETENTION)}. Whoever has the link to them can see and delete them; a link that you share shows them only.`,
    formats: HEIC ? 'JPEG, PNG, WebP, AVIF, HEIC, GIF, TIFF or BMP' : 'JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP',
    imageTypes: acceptedTypes(HEIC),
    addressLength: String(longestAddress),
    maxFiles: String(settings.MAX_FILES),
    maxSize: `${Math.round(settings.MAX_FILE_BYTES / 1024 / 1024)} MB`,
    revision: settings.K_REVISION,
  };
  const addressed = settings.EMAIL_REQUIRED ? html.replace('type="email"', '$& required') : html;
  const form = settings.API_KEYS_REQUIRED
    ? addressed.replace('/*notice*/', keysOnly).replace('<button id="send"', '$& disabled')
    : addressed.replace('/*notice*/', '');
  let rendered = render('');
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(rendered.page, 'style')}`,
    `script-src ${hashOf(rendered.page, 'script')}`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  function render(prefix: string): Page {
    const facts = { maxFileBytes: settings.MAX_FILE_BYTES, maxFiles: settings.MAX_FILES, prefix, HEIC };
    const all: Record<string, string> = { ...parts, prefix, data: JSON.stringify(facts) };
    const page = form.replaceAll(/\/\*(\w+)\*\//g, (mark, name: string) => all[name] ?? mark);
    const digest = createHash('sha256').update(page).digest('hex').slice(0, 32);
    return { prefix, page, digest };
  }

  // Mostly there is one prefix, so only the last is kept.
  const at = (prefix: string) => (prefix === rendered.prefix ? rendered : (rendered = render(prefix)));
  return { policy, at };
}

/** What a file picker offers. Where HEIC is not among it, an iPhone sends its photos as JPEG; not every system knows the type by its name. */
function acceptedTypes(HEIC: boolean): string {
  const types = Object.keys(formats).filter((type) => HEIC || type !== 'image/heic');
  return [...types, ...(HEIC ? ['.heic', '.heif'] : [])].join(',');
}

/** The hash of exactly what is between the tags. */
function hashOf(page: string, tag: string): string {
  const text = page.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!;
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
