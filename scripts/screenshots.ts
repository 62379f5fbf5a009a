/** Takes the pictures of the docs from the running system: the page with a finished job, the same on a phone, the inbox, a mail in German, and the console. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page, PageScreenshotOptions } from 'playwright-core';
import sharp from 'sharp';
import { openBrowser } from '../packages/lab/test/pipeline/browser.ts';
import { eventually, openDarkroom, repository } from '../packages/lab/test/pipeline/darkroom.ts';

const target = join(repository, 'docs/images');
await mkdir(target, { recursive: true });
const darkroom = await openDarkroom();
const browser = await openBrowser();
try {
  await darkroom.configure('versions/traffic.yaml', (text) =>
    text.replace('percent: 80', 'percent: 0').replace('percent: 20', 'percent: 100'),
  );
  await eventually(async () => (darkroom.output().includes('ingest-v2 100 %') ? true : undefined));
  const page = await browser.newPage({ viewport: { width: 1120, height: 760 }, colorScheme: 'light' });
  await page.goto(darkroom.url);
  await page.setInputFiles('#file', [
    { name: 'harbour.jpg', mimeType: 'image/jpeg', buffer: await landscape('#e9a15b', '#fff1cf', '#1d3557') },
    { name: 'ridge.jpg', mimeType: 'image/jpeg', buffer: await landscape('#9ad1d4', '#e4572e', '#29335c') },
  ]);
  await page.fill('#email', 'ada@example.org');
  await page.waitForTimeout(1000);
  await take(page, 'order');
  await page.click('#send');
  await page.getByText('mailed to you').waitFor();
  await page.waitForLoadState('networkidle');
  await take(page, 'page', { fullPage: true });
  const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  await phone.goto(page.url());
  await phone.waitForSelector('#archive:not([hidden])');
  await phone.waitForLoadState('networkidle');
  await take(phone, 'phone');
  await page.goto(darkroom.inboxUrl);
  await page.getByText('Your 4 prints are ready').first().click();
  await page.waitForTimeout(1500);
  await take(page, 'inbox');
  await takeMail();
  await takeConsole();
  await takeCharts();
} finally {
  await browser.close();
  await darkroom.close();
}

/** A mail in German, on a phone in the dark. */
async function takeMail(): Promise<void> {
  const photos = [{ name: 'harbour.jpg', bytes: await landscape('#e9a15b', '#fff1cf', '#1d3557') }];
  const answer = await darkroom.post(photos, { language: 'de' });
  const { job } = (await answer.json()) as { job: string };
  await darkroom.finished(job);
  const [mail] = await darkroom.mailsOf(job);
  const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  // The inbox says nothing of the charset where it sends the HTML alone.
  await phone.route('**/html', async (route) =>
    route.fulfill({ response: await route.fetch(), contentType: 'text/html; charset=utf-8' }),
  );
  await phone.goto(`${darkroom.inboxUrl}/api/email/${mail!.id}/html`);
  await take(phone, 'mail', { fullPage: true });
}

/** The console with a job of which a filter was killed, its sliders, and the job once more on a phone. */
async function takeConsole(): Promise<void> {
  const console = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  await console.goto(darkroom.consoleUrl);
  await console.getByRole('tab', { name: 'Processes' }).click();
  const sepia = console.locator('#processes .card', { hasText: 'sepia' });
  // It takes its event, and does no more.
  process.kill(Number(/process (\d+)/.exec(await sepia.innerText())![1]), 'SIGSTOP');
  const answer = await darkroom.post([{ name: 'ridge.jpg', bytes: await landscape('#9ad1d4', '#e4572e', '#29335c') }]);
  const { job } = (await answer.json()) as { job: string };
  // The list may still show another job.
  const option = (page: Page, name: string) => page.getByRole('option', { name }).filter({ hasText: job });
  await console.fill('#wanted', `job=${job}`);
  await option(console, 'filter.finished').waitFor();
  await console.getByRole('button', { name: 'Kill sepia' }).click();
  await option(console, 'job.completed').waitFor();
  // Nothing is said and nothing is lit any more.
  await console.reload();
  await console.fill('#wanted', `job=${job}`);
  await option(console, 'image.uploaded').click();
  await console.locator('#timeline .step', { hasText: 'job.completed' }).waitFor();
  await take(console, 'console', { fullPage: true });

  await console.getByRole('tab', { name: 'Traffic' }).click();
  await console.getByRole('slider', { name: 'ingest-v2' }).fill('30');
  await console.getByText('The next request to ingest follows the new split.').waitFor();
  await console.locator('#board').getByText('ingest-v2 30 %').waitFor();
  const panels = (await console.locator('#panels').boundingBox())!;
  await take(console, 'console-traffic', { clip: { ...panels, height: 180 } });

  const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark', isMobile: true });
  await phone.goto(darkroom.consoleUrl);
  await phone.fill('#wanted', `job=${job}`);
  await option(phone, 'image.uploaded').click();
  await phone.locator('#timeline .step', { hasText: 'job.completed' }).waitFor();
  await phone.evaluate("document.querySelector('#panels').scrollIntoView()");
  await take(phone, 'console-phone');
}

/** Two versions beside each other for two minutes, with a photo now and then that cannot be opened. */
async function takeCharts(): Promise<void> {
  const charts = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  await charts.goto(darkroom.consoleUrl);
  const good = await landscape('#9ad1d4', '#e4572e', '#29335c');
  for (let count = 0; count < 40; count += 1) {
    const bytes = count % 8 === 3 ? good.subarray(0, good.length / 2) : good;
    await darkroom.post([{ name: 'ridge.jpg', bytes }], { tag: count % 3 === 0 ? 'v2' : 'v1' });
    if (count % 10 === 5) await darkroom.post([], {});
    await charts.waitForTimeout(3000);
  }
  await charts.getByLabel('The last').selectOption('5 minutes');
  await charts.getByRole('link', { name: 'Charts' }).click();
  await charts.waitForTimeout(6000);
  await take(charts.locator('#charts'), 'console-charts');
}

/** Few colours, so that it stays small. */
async function take(page: Page | Locator, name: string, options: PageScreenshotOptions = {}): Promise<void> {
  const picture = sharp(await page.screenshot(options)).png({ palette: true, colours: 128 });
  await writeFile(join(target, `${name}.png`), await picture.toBuffer());
}

/** A made-up photo: sky, sun, two rows of hills, and grain. */
async function landscape(sky: string, sun: string, land: string): Promise<Buffer> {
  const [width, height] = [1600, 1100];
  const hill = (base: number, size: number, phase: number) =>
    Array.from(
      { length: 41 },
      (_, i) => `${i * 40},${base - size * Math.sin(i / 5 + phase) - (size / 3) * Math.sin(i / 1.7 + phase)}`,
    ).join(' ');
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="${land}"/><stop offset="0.7" stop-color="${sky}"/></linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#sky)"/><circle cx="1100" cy="560" r="150" fill="${sun}"/>
    <polygon points="0,1100 ${hill(760, 90, 0)} 1600,1100" fill="${sun}" opacity="0.55"/>
    <polygon points="0,1100 ${hill(900, 110, 2)} 1600,1100" fill="${land}"/></svg>`;
  const grain = await sharp({
    create: { width, height, channels: 3, background: 'grey', noise: { type: 'gaussian', mean: 128, sigma: 14 } },
  })
    .png()
    .toBuffer();
  return sharp(Buffer.from(drawing))
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg({ quality: 88 })
    .toBuffer();
}
