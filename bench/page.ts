/**
 * node bench/page.ts [--rounds 5]: what a person waits for, in a real Chromium on a phone's screen and a slow line (as Lighthouse has it: 1.6 Mbit/s,
 * 150 ms), with a fifth of the processor. Requests and bytes of the first view, when something is seen and the page can be used, and how long the
 * sample photo takes to its first print. Beside it, in turn, an empty page of a bare server: what the line and the browser take by themselves.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { browserPath, openBrowser } from '../packages/lab/test/pipeline/browser.ts';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { machine } from './pipeline/machine.ts';
import { count } from './pipeline/options.ts';
import { spread } from './pipeline/statistics.ts';
import { table } from './pipeline/table.ts';

/** Bytes in a second, and milliseconds. */
const line = { offline: false, downloadThroughput: 200_000, uploadThroughput: 93_750, latency: 150 };
const slowdown = 5;

interface View {
  requests: number;
  /** As they came over the line, headers included. */
  bytes: number;
  /** Milliseconds from the beginning until something is painted, the largest thing is, and everything has been loaded. */
  painted: number;
  largest: number;
  loaded: number;
  /** Milliseconds from the click that sends to the first print that is seen. */
  print?: number;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = count(values.rounds);
if (!browserPath) throw new Error('There is no Chromium. Install it, or set CHROMIUM to its path.');

await using ending = new AsyncDisposableStack();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void ending.disposeAsync().then(() => process.exit(1)));
const darkroom = await openDarkroom();
ending.defer(() => darkroom.close());
const empty = createServer((_request, response) =>
  response.setHeader('content-type', 'text/html').end('<!doctype html><html lang="en"><title>Empty</title><p>Empty'),
);
await once(empty.listen(0, '127.0.0.1'), 'listening');
ending.defer(() => empty.close().closeAllConnections());
const browser = await openBrowser();
ending.defer(() => browser.close());

console.log(`Before: ${machine()}; ${rounds} rounds\n`);
const views: Record<'darkroom' | 'empty', View[]> = { darkroom: [], empty: [] };
for (let round = 0; round < rounds; round += 1) {
  views.empty.push(await look(browser, `http://127.0.0.1:${(empty.address() as AddressInfo).port}/`));
  views.darkroom.push(await look(browser, darkroom.url, true));
}
const rows: [string, keyof View][] = [
  ['requests of the first view', 'requests'],
  ['bytes over the line', 'bytes'],
  ['first paint, ms', 'painted'],
  ['largest paint, ms', 'largest'],
  ['loaded, ms', 'loaded'],
  ['from “Develop” to the first print, ms', 'print'],
];
const column = (name: keyof typeof views, key: keyof View) => views[name].flatMap((view) => view[key] ?? []);
const whole = (value: number) => (Number.isNaN(value) ? '' : value.toFixed(0));
const cells = rows.map(([title, key]) => {
  const [page, other] = [spread(column('darkroom', key)), spread(column('empty', key))];
  return [title, whole(page.median), `${whole(page.least)}..${whole(page.most)}`, whole(other.median)];
});
console.log(`${table(['', 'page', 'min..max', 'empty page'], cells)}\n\nAfter: ${machine()}`);

/** Loads a page in a browser that has never seen it. */
async function look(chromium: Browser, url: string, isSent = false): Promise<View> {
  const context = await chromium.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', line);
  await network.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  let [requests, bytes] = [0, 0];
  network.on('Network.requestWillBeSent', ({ request }) => (requests += request.url.startsWith('data:') ? 0 : 1));
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(url, { waitUntil: 'load' });
  const times = await page.evaluate<{ painted: number; largest: number; loaded: number }>(`new Promise((resolve) =>
    new PerformanceObserver((list) => resolve({
      painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      largest: list.getEntries().at(-1).startTime,
      loaded: performance.getEntriesByType('navigation')[0].loadEventEnd,
    })).observe({ type: 'largest-contentful-paint', buffered: true }))`);
  const view: View = { requests, bytes, ...times };
  if (isSent) {
    await page.click('#sample');
    await page.waitForSelector('#sheet li');
    const begun = performance.now();
    await page.click('#send');
    const print = await page.waitForSelector('#lines img[src*="grayscale"], #lines img[src*="sepia"]');
    await print.evaluate('(image) => image.decode()');
    view.print = performance.now() - begun;
  }
  await context.close();
  return view;
}
