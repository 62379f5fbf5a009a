import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ METRICS_PORT: '0', TRUSTED_PROXIES: '' });
});
afterAll(() => bench.close());

test('where no proxies are trusted, the log says what that means', () =>
  expect.poll(() => bench.ingest.output()).toContain('TRUSTED_PROXIES is not set'));

test('health, and metrics on a port of their own', async () => {
  for (const probe of ['readiness', 'liveness'])
    expect(await (await fetch(`${bench.ingest.url}/health/${probe}`)).text()).toBe('OK');
  await fetch(bench.ingest.url, { method: 'POST' });
  await fetch(`${bench.ingest.url}/jobs/00000000-0000-0000-0000-000000000000`);
  await fetch(`${bench.ingest.url}/jobs/00000000-0000-0000-0000-000000000000`, { method: 'PUT' });
  const metrics = await (await fetch(`http://127.0.0.1:${/metricsPort=(\d+)/.exec(bench.ingest.output())![1]}/metrics`)).text();
  expect(metrics).toContain('process_cpu_seconds_total');
  expect(metrics).toContain('darkroom_uploads_refused_total{revision="ingest-v2",reason="invalid"} 1');
  for (const [method, status] of Object.entries({ GET: 404, PUT: 405 }))
    expect(metrics).toContain(
      `darkroom_http_request_duration_seconds_count{revision="ingest-v2",route="/jobs/:job",method="${method}",status="${status}"} 1`,
    );
  expect(metrics).not.toContain('00000000-');
});
