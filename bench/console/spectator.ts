import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser } from '../../packages/lab/test/pipeline/browser.ts';

/** A person at the console, in a browser that runs all the time: only the page comes and goes. */
export interface Spectator {
  look(): Promise<void>;
  leave(): Promise<void>;
  /** Processor time of the whole browser, in seconds. */
  processorTime(): Promise<number>;
  /** What the scripts of the page hold, in MiB, without garbage. */
  heap(): Promise<number>;
  close(): Promise<void>;
}

export async function openSpectator(url: string): Promise<Spectator> {
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const processes = await browser.newBrowserCDPSession();
  const leave = async () => {
    for (const page of context.pages()) await page.close();
  };
  return {
    async look() {
      await leave();
      const page = await context.newPage();
      page.setDefaultTimeout(0);
      await page.goto(url);
      await page.getByText('Live.').waitFor();
      // What it reads at its opening is no running cost.
      await sleep(2000);
    },
    leave,
    async processorTime() {
      const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
      return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
    },
    async heap() {
      const session = await context.newCDPSession(context.pages()[0]!);
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      await session.detach();
      return usedSize / 1024 / 1024;
    },
    close: () => browser.close(),
  };
}
