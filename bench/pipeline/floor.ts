import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch } from './batch.ts';
import { postForm } from './client.ts';
import { inLanes } from './lanes.ts';
import { orderOf } from './order.ts';
import { processTree } from './processes.ts';

/**
 * The same work without Darkroom, in one process: it receives the photo over HTTP and stores it durably, makes both prints in the same
 * way, stores their ZIP with its digests durably, and mails it.
 */
export interface Floor {
  /** Develops photos, one request each. */
  develop(photos: readonly Buffer[], concurrency: number): Promise<Batch>;
  close(): Promise<void>;
}

export async function openFloor(folder: string, smtpUrl: string): Promise<Floor> {
  await mkdir(folder);
  const child = fork(join(import.meta.dirname, 'floor-process.ts'), [folder, smtpUrl]);
  const [port] = (await once(child, 'message')) as [number];
  const cpuSeconds = () => processTree(child.pid!).reduce((sum, process) => sum + process.cpuSeconds, 0);

  return {
    async develop(photos, concurrency) {
      const forms = await Promise.all(photos.map(orderOf));
      const before = cpuSeconds();
      const begun = performance.now();
      const milliseconds = await inLanes(forms, concurrency, async (form) => {
        const start = performance.now();
        const { status } = await postForm(`http://127.0.0.1:${port}`, form, {});
        if (status !== 201) throw new Error(`The floor answered with ${status}`);
        return performance.now() - start;
      });
      const seconds = (performance.now() - begun) / 1000;
      return { seconds, milliseconds, cpuSeconds: new Map([['floor', cpuSeconds() - before]]) };
    },
    async close() {
      if (!child.connected) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
