import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import style from './page/page.css?inline';
import html from './page/page.html?inline';
import script from './page/page.ts?inline';
import type { Settings } from './settings.ts';

/**
 * GET /: the page, whole in one answer. Two revisions serve one address, and a page of the one must never meet a script of
 * the other. Its own style and script are allowed by their hashes, and nothing else is.
 */
export function pageRoute(app: FastifyInstance, settings: Settings): void {
  const facts = {
    revision: settings.K_REVISION,
    filters: settings.FILTERS,
    archive: settings.ARCHIVE,
    maxFileBytes: settings.MAX_FILE_BYTES,
    maxFiles: settings.MAX_FILES,
  };
  // Inside of a script element, "<" could end it.
  const data = JSON.stringify(facts).replaceAll('<', '\\u003c');
  const parts: Record<string, string> = { style, script, data };
  const page = html.replaceAll(/\/\*(style|script|data)\*\//g, (_match, name: string) => parts[name]!);
  const etag = `"${createHash('sha256').update(page).digest('hex').slice(0, 32)}"`;
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(script)}`,
    "img-src 'self' blob:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  app.get('/', async ({ headers }, reply) => {
    reply.headers({ etag, 'cache-control': 'no-cache', 'content-security-policy': policy });
    if (headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('text/html; charset=utf-8').send(page);
  });
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
