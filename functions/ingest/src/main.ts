import { explain } from '@darkroom/shared/errors';
import { isWorker } from '@darkroom/shared/worker/spawn';
import { readSettings } from './settings.ts';
import { openInspector } from './upload/inspector.ts';

// Two programs in one: each loads only what it needs.
try {
  const settings = readSettings();
  if (isWorker) await (await import('./worker.ts')).workFor(settings);
  else {
    // It starts while the rest is loaded.
    const inspector = openInspector();
    await (await import('./serve.ts')).serve(settings, inspector);
  }
} catch (error) {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const setting = String(port) === process.env['METRICS_PORT'] ? 'METRICS_PORT' : 'PORT';
  console.error(code === 'EADDRINUSE' ? `Port ${port} is taken. Set ${setting} to a free one and start again.` : explain(error));
  process.exit(1);
}
