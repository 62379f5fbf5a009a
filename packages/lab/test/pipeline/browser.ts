import { accessSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Chromium or Chrome may be; CHROMIUM names another place. */
const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const browserPath = places.find((path): path is string => path !== undefined && exists(path));

export async function openBrowser(): Promise<Browser> {
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
  ];
  return chromium.launch({ executablePath: browserPath!, timeout: 0, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
}

/** Runs in the page: the pixels of an image as the browser decodes it, in RGBA. */
export const readPixels = `async (image) => {
  await image.decode();
  const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data];
}`;

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
