import type { FastifyInstance } from 'fastify';
import type { Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { vi } from 'vitest';
import { type TestClock, testClock } from '../../../packages/shared/test/support/clock.ts';
import { loadThumbnails, type Thumbnailer } from '../src/jobs/thumbnails.ts';
import { createServer } from '../src/server.ts';
import { readSettings } from '../src/settings.ts';
import { guarded } from '../src/storage.ts';
import { loadInspection } from '../src/upload/inspector.ts';
import { openSurroundings, type Surroundings } from './support.ts';

export interface ServerBench extends Surroundings {
  ingest: {
    url: string;
    /** What has been logged. */
    output(): string;
    /** As at SIGTERM. */
    stop(): Promise<void>;
  };
  app: FastifyInstance;
  clock: TestClock;
}

/** The server within this process, where time passes as the test says. `through` may come between it and its store. */
export async function openServer(
  environment: Record<string, string> = {},
  through: (store: Store) => Store = (store) => store,
): Promise<ServerBench> {
  const around = await openSurroundings(environment);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = around.environment['TMPDIR'];
  const lines: string[] = [];
  const logged = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const settings = readSettings(around.environment);
  const inspector = { run: await loadInspection(settings), warm() {}, healthy: () => true, close() {} };
  const makeThumbnail = await loadThumbnails(settings);
  const thumbnailer: Thumbnailer = { run: (task) => makeThumbnail(task, (_bytes, part) => part()), close() {} };
  const closing = new AbortController();
  const clock = testClock();
  const store = guarded(through(openStore(settings.STORE_URL)));
  const app = createServer({ settings, store, inspector, thumbnailer, clock, closing: closing.signal });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const stop = async () => {
    closing.abort();
    await app.close();
  };
  return {
    ...around,
    app,
    clock,
    ingest: { url, output: () => lines.join('\n'), stop },
    async close() {
      app.server.closeAllConnections();
      await stop();
      logged.mockRestore();
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await around.close();
    },
  };
}
