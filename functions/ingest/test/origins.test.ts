import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

/** A site of somebody else's. */
const shop = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<title>Shop</title>'));
await once(shop.listen(0, '127.0.0.1'), 'listening');
const named = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
const other = named.replace('127.0.0.1', 'localhost');

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer({ ALLOWED_ORIGINS: `https://a.example,${named}` });
});
afterAll(async () => {
  shop.close();
  await bench.close();
});

const preflight = (origin: string, path: string, method: string) =>
  fetch(bench.ingest.url + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method } });

test.each(['/', '/uploads', '/uploads/x', '/jobs/x', '/jobs/x/1/sepia.jpg', '/openapi.json'])(
  'a site that is named may send to %s, and no other',
  async (path) => {
    const allowed = await preflight(named, path, 'PATCH');
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, named]);
    expect(allowed.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(allowed.headers.get('vary')).toContain('origin');
    const refused = await preflight(other, path, 'PATCH');
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(refused.headers.get('vary')).toContain('origin');
  },
);

test('refusals can be read as well, and each response varies by origin besides what else it varies by', async () => {
  const refused = await fetch(`${bench.ingest.url}/jobs/x`, { headers: { origin: named } });
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([404, named]);
  expect((await fetch(bench.ingest.url)).headers.get('vary')).toBe('accept-encoding, origin');
});

test('OPTIONS without an origin still says what tus can do', async () => {
  const { headers } = await fetch(`${bench.ingest.url}/uploads`, { method: 'OPTIONS' });
  expect([headers.get('tus-version'), headers.get('access-control-allow-origin')]).toEqual(['1.0.0', null]);
});

test('without ALLOWED_ORIGINS, no response says anything about origins', async () => {
  const closed = await openServer();
  try {
    const { headers } = await fetch(closed.ingest.url, { headers: { origin: named } });
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([null, 'accept-encoding']);
  } finally {
    await closed.close();
  }
});

/** Runs in a page of the shop: sends a photo in pieces, posts it, and looks at the job. */
const fromShop = `async ([lab, bytes]) => {
  const version = { 'tus-resumable': '1.0.0' };
  const photo = new Uint8Array(bytes);
  const begun = await fetch(lab + '/uploads', { method: 'POST', headers: { ...version, 'upload-length': String(photo.length) } });
  const address = new URL(begun.headers.get('location'), lab);
  const headers = { ...version, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  const sent = await fetch(address, { method: 'PATCH', headers, body: photo });
  const form = new FormData();
  form.append('upload', address.pathname.split('/').at(-1));
  const posted = await fetch(lab, { method: 'POST', headers: { 'idempotency-key': 'shop' }, body: form });
  const { job } = await posted.json();
  const seen = await (await fetch(lab + '/jobs/' + job)).json();
  const gone = await fetch(lab + '/jobs/' + job, { method: 'DELETE' });
  return [begun.status, sent.headers.get('upload-offset'), posted.status, seen.status, gone.status];
}`;

describe.skipIf(!browserPath)('pages of other sites, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  test('one that is named uses the whole interface, and another gets nothing', async () => {
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      const run = async (origin: string) => {
        await page.goto(origin);
        return page.evaluate(`(${fromShop})(${JSON.stringify([bench.ingest.url, [...jpeg]])})`);
      };
      expect(await run(named)).toEqual([201, String(jpeg.length), 202, 'processing', 204]);
      await expect(run(other)).rejects.toThrow(/Failed to fetch/);
    } finally {
      await browser.close();
    }
  });
});
