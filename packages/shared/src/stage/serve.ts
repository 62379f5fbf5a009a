import type { InvokerOptions } from 'faas-js-runtime';
import { explain } from '../errors.ts';
import { listenOnEveryInterface } from '../every-interface.ts';
import { giveBackWhenIdle } from '../give-back.ts';
import { logListening } from '../listening.ts';
import { serveMetrics } from '../metrics/server.ts';
import { stackOf } from '../stack.ts';
import { flushTraces, openTracing } from '../trace/trace.ts';
import { isWorker } from '../worker/spawn.ts';
import type { Stage } from './stage.ts';

/**
 * The bundler wraps every stage in this: it serves the stage on PORT, or becomes one of its workers, which need no runtime. Nothing else
 * knows how the runtime is started.
 */
export async function serve(module: Stage): Promise<void> {
  if (isWorker) return module.init();
  // The runtime would exit silently, with 0.
  process.prependListener('uncaughtException', stop);
  try {
    // The runtime's own /metrics would otherwise be labelled with a random id: new series at each start, for ever.
    process.env['FAAS_ID'] ??= process.env['K_REVISION'] ?? 'local';
    // Before the runtime is loaded: meanwhile, a filter's first worker loads its codecs.
    await module.init();
    const [{ default: runtime }, metrics] = await Promise.all([import('faas-js-runtime'), serveMetrics(), openTracing()]);
    listenOnEveryInterface();
    const port = Number(process.env['PORT'] ?? 8080);
    const shutdown = async () => {
      await module.shutdown();
      await Promise.all([metrics?.lastRead(), flushTraces()]);
    };
    await runtime.start({ ...module, init: () => undefined, shutdown }, { port, logLevel: 'fatal' } as unknown as InvokerOptions);
    giveBackWhenIdle();
    logListening({ port, metricsPort: metrics?.port, revision: process.env['K_REVISION'] });
  } catch (error) {
    stop(error);
  }
}

function stop(error: unknown): never {
  console.error([explain(error), stackOf(error)].filter(Boolean).join('\n'));
  process.exit(1);
}
