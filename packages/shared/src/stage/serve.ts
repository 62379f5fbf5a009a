import runtime, { type InvokerOptions } from 'faas-js-runtime';
import { explain } from '../errors.ts';
import type { Stage } from './stage.ts';

/**
 * Serves a function module on PORT: the one place that knows how the runtime is started. The bundler wraps every stage in it.
 */
export async function serve(module: Stage): Promise<void> {
  // The runtime would exit with 0 and without a word.
  process.prependListener('uncaughtException', stop);
  try {
    await runtime.start(module, { port: Number(process.env['PORT'] ?? 8080), logLevel: 'fatal' } as unknown as InvokerOptions);
  } catch (error) {
    stop(error);
  }
}

function stop(error: unknown): never {
  console.error(explain(error));
  process.exit(1);
}
