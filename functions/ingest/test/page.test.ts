import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ METRICS_PORT: '0' });
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
  for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"])
    expect(policy).toContain(rule);
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\/|@import|url\(/);
  expect(Buffer.byteLength(page)).toBeLessThan(30_000);
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
});

test('the page says what this revision makes, and leaves no gap unfilled', async () => {
  const page = await (await fetch(bench.ingest.url)).text();
  expect(page).toContain('grayscale and sepia prints, packed into one ZIP file');
  expect(page).toContain('>ingest-v2<');
  expect(page).toContain('"maxFiles":3');
  expect(page).not.toMatch(/\/\*(style|script|data|promise|maxFiles|maxSize|revision)\*\//);
});

test('the page is not sent again to whoever has it', async () => {
  const etag = (await fetch(bench.ingest.url, { method: 'HEAD' })).headers.get('etag')!;
  expect((await fetch(bench.ingest.url, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('health, and metrics on a port of their own', async () => {
  for (const probe of ['readiness', 'liveness'])
    expect(await (await fetch(`${bench.ingest.url}/health/${probe}`)).text()).toBe('OK');
  await fetch(bench.ingest.url, { method: 'POST' });
  await fetch(`${bench.ingest.url}/jobs/00000000-0000-0000-0000-000000000000`);
  const metrics = await (await fetch(`http://127.0.0.1:${/metricsPort=(\d+)/.exec(bench.ingest.output())![1]}/metrics`)).text();
  expect(metrics).toContain('process_cpu_seconds_total');
  expect(metrics).toContain('darkroom_uploads_refused_total{status="400"} 1');
  expect(metrics).toContain('darkroom_http_request_duration_seconds_count{route="/jobs/:job",method="GET",status="404"} 1');
  expect(metrics).not.toContain('00000000-');
});
