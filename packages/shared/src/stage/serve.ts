import { Server } from 'node:net';
import runtime, { type InvokerOptions } from 'faas-js-runtime';
import { anyHost } from '../any-host.ts';
import { explain } from '../errors.ts';
import type { Stage } from './stage.ts';

/**
 * Serves a function module on PORT: the one place that knows how the runtime is started. The bundler wraps every stage in it.
 */
export async function serve(module: Stage): Promise<void> {
  // The runtime would exit with 0 and without a word.
  process.prependListener('uncaughtException', stop);
  try {
    if ((await anyHost()) === '0.0.0.0') listenOnIPv4();
    await runtime.start(module, { port: Number(process.env['PORT'] ?? 8080), logLevel: 'fatal' } as unknown as InvokerOptions);
  } catch (error) {
    stop(error);
  }
}

/** The runtime insists on '::', which a kernel without IPv6 does not have. */
function listenOnIPv4(): void {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...given: unknown[]) {
    const [options, ...rest] = given;
    const isWide = typeof options === 'object' && options !== null && 'host' in options && options.host === '::';
    return listen.apply(this, [isWide ? { ...options, host: '0.0.0.0' } : options, ...rest] as Parameters<typeof listen>);
  } as typeof listen;
}

function stop(error: unknown): never {
  console.error(explain(error));
  process.exit(1);
}
