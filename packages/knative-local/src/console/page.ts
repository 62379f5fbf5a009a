import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

const file = new URL('../../dist/console.html', import.meta.url);

/** The page, complete in one response. Only its own style and script are allowed, by their hashes. */
export async function sendPage(response: ServerResponse): Promise<void> {
  // Read each time: it is small, asked for rarely, and may be built anew meanwhile.
  const html = await readFile(file, 'utf8').catch(() => undefined);
  if (html === undefined) {
    const text = 'The page of the console is not built. Run `npm run build` in knative-local, and load this again.\n';
    return void response.writeHead(503, { 'content-type': 'text/plain' }).end(text);
  }
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(html, 'style')}`,
    `script-src ${hashOf(html, 'script')}`,
    'img-src data:',
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; ') }).end(html);
}

/** The hash of exactly what is between the tags. */
function hashOf(html: string, tag: string): string {
  const text = html.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!;
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
