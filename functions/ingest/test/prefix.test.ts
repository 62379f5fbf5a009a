import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg } from './support.ts';

const version = { 'tus-resumable': '1.0.0' };
let bench: ServerBench;
afterEach(() => bench.close());

/** Where each kind of link leads. */
async function linksAt(url: string, headers: Record<string, string>): Promise<(string | undefined)[]> {
  const post = (more: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { ...headers, ...more },
      redirect: 'manual',
      body: formOf(['file', { name: 'a.jpg', bytes: jpeg }]),
    });
  const accepted = await post();
  const { job, links } = (await accepted.json()) as { job: string; links: { self: string } };
  const status = (await (await fetch(`${url}/jobs/${job}`, { headers })).json()) as { images: { original: { href: string } }[] };
  const { href } = status.images[0]!.original;
  const original = await fetch(`${url}/jobs/${job}/1/original.jpg`, { headers });
  expect(original.status).toBe(200);
  const share = (await (await fetch(`${url}/jobs/${job}/share`, { method: 'POST', headers })).json()) as {
    links: { page: string };
  };
  const upload = await fetch(`${url}/uploads`, { method: 'POST', headers: { ...headers, ...version, 'upload-length': '9' } });
  const missing = (await (await fetch(`${url}/nowhere`, { headers })).json()) as { instance: string };
  const unreadable = (await (await fetch(`${url}/jobs/%zz`, { headers })).json()) as { instance: string };
  const description = (await (await fetch(`${url}/openapi.json`, { headers })).json()) as { servers: { url: string }[] };
  const page = await (await fetch(url, { headers })).text();
  const plain = await (await fetch(`${url}/jobs/${job}`, { headers: { ...headers, accept: 'text/html' } })).text();
  return [
    accepted.headers.get('location')!,
    links.self,
    href,
    share.links.page,
    upload.headers.get('location')!,
    (await post({ accept: 'text/html' })).headers.get('location')!,
    missing.instance,
    unreadable.instance,
    description.servers[0]!.url,
    ...[page, plain].flatMap((text) => [...text.matchAll(/(?:href|action)="(\/[^"]*)"/g)].map(([, link]) => link)),
  ];
}

const outside = (links: (string | undefined)[], prefix: string) => links.filter((link) => !link?.startsWith(`${prefix}/`));

test('without a prefix, links begin at the root', async () => {
  bench = await openServer();
  const links = await linksAt(bench.ingest.url, {});
  expect(outside(links, '')).toEqual([]);
  expect(links.some((link) => link!.startsWith('//'))).toBe(false);
});

test('what a trusted proxy says comes before every link', async () => {
  bench = await openServer();
  const links = await linksAt(bench.ingest.url, { 'x-forwarded-prefix': '/photos/lab' });
  expect(links.length).toBeGreaterThan(12);
  expect(outside(links, '/photos/lab')).toEqual([]);
});

test('the path of PUBLIC_URL comes before every link, unless a trusted proxy says something else', async () => {
  bench = await openServer({ PUBLIC_URL: 'https://example.org/photos/' });
  expect(outside(await linksAt(bench.ingest.url, {}), '/photos')).toEqual([]);
  expect(outside(await linksAt(bench.ingest.url, { 'x-forwarded-prefix': '/other/' }), '/other')).toEqual([]);
  expect(outside(await linksAt(bench.ingest.url, { 'x-forwarded-prefix': '/' }), '')).toEqual([]);
});

test.each(['//evil.example', 'evil', '/a//b', '/a"b', '/<b>', '/a, /b', '/..%2f', 'https://evil.example', '/a b', '/ä'])(
  'the prefix %s is ignored',
  async (prefix) => {
    bench = await openServer({ PUBLIC_URL: 'https://example.org/photos' });
    const { hostname, port } = new URL(bench.ingest.url);
    const headers = { 'x-forwarded-prefix': Buffer.from(prefix).toString('latin1') };
    const asking = httpRequest({ hostname, port, path: '/nowhere', headers }).end();
    const [response] = (await once(asking, 'response')) as [AsyncIterable<Buffer>];
    let text = '';
    for await (const chunk of response) text += chunk.toString();
    expect((JSON.parse(text) as { instance: string }).instance).toBe('/photos/nowhere');
  },
);

test.each(['0', '', '10.0.0.0/8'])('with the proxies %j, nobody here may say a prefix or a host', async (proxies) => {
  bench = await openServer({ TRUSTED_PROXIES: proxies });
  expect(outside(await linksAt(bench.ingest.url, { 'x-forwarded-prefix': '/photos' }), '')).toEqual([]);
  const headers = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' };
  const post = await fetch(bench.ingest.url, { method: 'POST', headers, body: formOf(['file', { name: 'a.jpg', bytes: jpeg }]) });
  expect(post.status).toBe(403);
});

test('a browser behind a proxy that names itself in Host is not another site', async () => {
  bench = await openServer();
  const post = (host: string) =>
    fetch(bench.ingest.url, {
      method: 'POST',
      headers: { origin: 'https://lab.example', 'x-forwarded-host': host },
      body: formOf(['file', { name: 'a.jpg', bytes: jpeg }]),
    });
  expect((await post('lab.example')).status).toBe(202);
  expect((await post('other.example')).status).toBe(403);
});

describe.skipIf(!browserPath)('the page below a path, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let close: () => void;
  let url: string;
  beforeAll(async () => {
    const proxy = createServer((incoming, outgoing) => {
      const inner = new URL(bench.ingest.url);
      // What is not below the path belongs to somebody else.
      if (!incoming.url!.startsWith('/photos/')) return void outgoing.writeHead(404).end();
      const headers = {
        ...incoming.headers,
        'x-forwarded-prefix': '/photos',
        'x-forwarded-host': incoming.headers.host,
        host: inner.host,
      };
      const { method } = incoming;
      const passed = httpRequest({ port: inner.port, method, path: incoming.url!.slice('/photos'.length), headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      passed.on('error', () => outgoing.destroy());
      incoming.pipe(passed);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/photos/`;
    close = () => {
      proxy.closeAllConnections();
      proxy.close();
    };
  });
  afterAll(() => close());

  test.each([
    ['a small photo', 0],
    ['one that goes in pieces', 5_000_000],
  ])('%s becomes a job, and its prints are seen', async (_what, padding) => {
    bench = await openServer({ MAX_FILE_BYTES: '6000000' });
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      const strays: string[] = [];
      page.on('response', (response) => response.status() >= 400 && strays.push(`${response.status()} ${response.url()}`));
      await page.goto(url);
      const buffer = Buffer.concat([await photo('jpeg'), Buffer.alloc(padding)]);
      await page.setInputFiles('#file', { name: 'harbour.jpg', mimeType: 'image/jpeg', buffer });
      await page.waitForSelector('#sheet li');
      await page.click('#send');
      await page.waitForURL(/\/photos\/\?job=/);
      await page.waitForSelector('.line img');
      await page.reload();
      await page.waitForSelector('.line img');
      await page.getByRole('link', { name: 'Send more photos' }).click();
      await page.getByRole('link', { name: 'harbour.jpg' }).click();
      await page.waitForSelector('.line img');
      expect(strays).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
