import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

test('the page is self-contained, and may run nothing else', async () => {
  const response = await fetch(bench.ingest.url);
  const page = await response.text();
  const policy = response.headers.get('content-security-policy')!;
  for (const tag of ['style', 'script']) {
    const text = page.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!;
    expect(text.length).toBeGreaterThan(1000);
    expect(policy).toContain(`${tag}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  }
  expect(policy.replaceAll(/'sha256-[^']+'/g, 'its own')).toBe(
    "default-src 'none'; style-src its own; script-src its own; img-src 'self' blob: data:; connect-src 'self'; form-action 'self'; " +
      "base-uri 'none'; frame-ancestors 'none'",
  );
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\/|@import|url\(/);
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
});

test('the page is one response of less than 16 KB', async () => {
  const bytes = await new Promise<Buffer[]>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const read = (response: IncomingMessage) =>
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(chunks));
    get(bench.ingest.url, { headers: { 'accept-encoding': 'gzip, br' } }, read).on('error', reject);
  });
  expect(Buffer.concat(bytes).length).toBeLessThan(16_000);
  const plain = await fetch(bench.ingest.url, { headers: { 'accept-encoding': 'identity' } });
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(gunzipSync(Buffer.concat(bytes)).toString()).toBe(await plain.text());
});

test('the page says what this revision makes, and leaves no gap unfilled', async () => {
  const page = await (await fetch(bench.ingest.url)).text();
  expect(page).toContain('grayscale and sepia prints, packed into one ZIP file');
  expect(page).toContain('>ingest-v2<');
  expect(page).toContain('{"maxFileBytes":60000,"maxFiles":3,"prefix":"","HEIC":false}');
  expect(page).not.toMatch(/\/\*\w+\*\//);
});

test('the page is not sent again to a client that has it', async () => {
  const etag = (await fetch(bench.ingest.url, { method: 'HEAD' })).headers.get('etag')!;
  const again = await fetch(bench.ingest.url, { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const whole = await fetch(bench.ingest.url, { headers: { 'if-none-match': '"another"' } });
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(whole.headers.get('cache-control')).toBe('no-cache');
});

test('what can be chosen for a filter is a field of the form, from its schema and as text', async () => {
  const options = {
    sepia: { type: 'integer', minimum: 1, maximum: 50, default: 3, title: 'How "brown" <it> gets' },
    grayscale: { type: 'string', enum: ['soft', 'hard'], default: 'hard' },
    blur: { type: 'integer' },
  };
  const other = await openServer({ OPTIONS: JSON.stringify(options) });
  try {
    const page = await (await fetch(other.ingest.url)).text();
    expect(page).toMatch(/<label for="sepia">How &#34;brown&#34; &#60;it&#62; gets</);
    expect(page).toMatch(/name="sepia" type="number" min="1" max="50" step="1" value="3"/);
    expect(page).toMatch(/<option value="hard" selected>hard</);
    expect(page).not.toContain('name="blur"');
  } finally {
    await other.close();
  }
});

test('the form asks for an address, and demands it only with EMAIL_REQUIRED', async () => {
  const field = (page: string) => /<input\s+id="email"[^>]*>/.exec(page)![0];
  const free = await (await fetch(bench.ingest.url)).text();
  expect(free).toContain('Mail the prints to (optional)');
  expect(field(free)).not.toContain('required');
  const strict = await openServer({ EMAIL_REQUIRED: 'true', RETENTION: '86400' });
  try {
    const page = await (await fetch(strict.ingest.url)).text();
    expect(page).toContain('>Mail the prints to<');
    expect(field(page)).toContain('required');
    expect(page).toContain('Photos and prints are kept for 1 day.');
  } finally {
    await strict.close();
  }
});
