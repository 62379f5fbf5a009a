import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser } from './browser.ts';
import { type Darkroom, openDarkroom } from './darkroom.ts';

const posts = 20;

/** A proxy on the way that loses each first answer with 202: it cuts the connection instead of passing it on. */
interface LossyProxy {
  url: string;
  /** How many answers it has lost. */
  lost(): number;
  /** From now on. @param most answers to lose one after the other, before one is passed on */
  lose(most: number): void;
  close(): void;
}

async function openLossyProxy(target: URL): Promise<LossyProxy> {
  let [lost, left] = [0, 0];
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const origin = connect(Number(target.port), '127.0.0.1');
    for (const socket of [client, origin]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        origin.destroy();
      });
    }
    client.pipe(origin);
    origin.on('data', (chunk: Buffer) => {
      if (left > 0 && chunk.toString('latin1').startsWith('HTTP/1.1 202')) {
        left -= 1;
        lost += 1;
        client.destroy();
      } else client.write(chunk);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    lose: (most) => (left = most),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe.skipIf(!browserPath)('answers that are lost, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let darkroom: Darkroom;
  let proxy: LossyProxy;
  let browser: Browser;
  beforeAll(async () => {
    darkroom = await openDarkroom();
    proxy = await openLossyProxy(new URL(darkroom.url));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    proxy.close();
    await darkroom.close();
  });
  const jobs = () => readdir(join(darkroom.folder, 'data/store/jobs'));

  test(`${posts} posts whose answers are lost: one job each, and the page shows it`, async () => {
    const buffer = await photo('jpeg', { width: 16, height: 12 });
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    const shown = new Set<string>();
    for (let count = 0; count < posts; count += 1) {
      await page.goto(proxy.url);
      await page.setInputFiles('#file', { name: `${count}.jpg`, mimeType: 'image/jpeg', buffer });
      await page.waitForSelector('#sheet li');
      proxy.lose(1);
      await page.click('#send');
      await page.waitForURL(/\?job=/);
      shown.add(new URL(page.url()).searchParams.get('job')!);
    }
    expect(proxy.lost()).toBe(posts);
    expect([...shown].toSorted()).toEqual((await jobs()).toSorted());
    await page.close();
  });

  test('where no answer ever comes, the page says so, keeps the photos, and the next press finds the job', async () => {
    const before = (await jobs()).length;
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.clock.install();
    await page.goto(proxy.url);
    await page.setInputFiles('#file', { name: 'a.jpg', mimeType: 'image/jpeg', buffer: await photo('jpeg') });
    await page.waitForSelector('#sheet li');
    proxy.lose(Infinity);
    await page.click('#send');
    await page.getByText('No answer came. Asking again; nothing is developed twice.').waitFor();
    // The pauses between its attempts, without waiting for them.
    while (await page.locator('#fault').isHidden()) await page.clock.runFor(1000);
    expect(await page.textContent('#fault')).toContain('nothing is developed twice');
    expect(await page.locator('#sheet li').count()).toBe(1);
    proxy.lose(0);
    await page.click('#send');
    await page.waitForURL(/\?job=/);
    expect(await jobs()).toHaveLength(before + 1);
    await page.close();
  });
});
