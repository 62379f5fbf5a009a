import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

test('the answer to a wrong method names the right ones', async () => {
  const paths = {
    '/': 'GET, HEAD, POST',
    '/jobs/x': 'DELETE, GET, HEAD',
    '/jobs/x/1/sepia.jpg': 'GET, HEAD',
  };
  for (const [path, allow] of Object.entries(paths)) {
    const response = await fetch(bench.ingest.url + path, { method: 'PUT', body: 'x' });
    expect([path, response.status]).toEqual([path, 405]);
    expect(response.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allow);
    expect(await response.json()).toMatchObject({
      status: 405,
      detail: expect.stringMatching(/^PUT is not allowed here\. Use \w+( or \w+)+\.$/),
    });
  }
});

test('an address with nothing behind it', async () => {
  for (const path of [
    '/nothing',
    '/metrics',
    '/jobs/',
    '/jobs/..%2f..%2fetc',
    '/jobs/x/y/z',
    '/jobs/%zz',
    '/jobs/00000000-0000-0000-0000-000000000000',
  ]) {
    const response = await fetch(bench.ingest.url + path);
    expect([path, response.status]).toEqual([path, path.includes('%zz') ? 400 : 404]);
    expect(response.headers.get('content-type')).toContain('problem+json');
    expect(response.headers.get('x-darkroom-revision')).toBe('ingest-v2');
    expect(response.headers.get('retry-after')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      detail: expect.stringMatching(/\w/),
      instance: new URL(path, bench.ingest.url).pathname,
    });
  }
  const head = await fetch(`${bench.ingest.url}/nothing`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([404, '']);
});
