import { log } from '@darkroom/shared/log';
import type { FastifyInstance } from 'fastify';

/** How long requests in flight may go on. Kubernetes kills after 30 s unless told otherwise. */
const drainSeconds = 25;

/**
 * On SIGTERM: takes no more connections, finishes what is in flight, and exits.
 * @param closing aborted at the signal, for whoever waits on purpose
 */
export function stopOnSignal(app: FastifyInstance, closing: AbortController): void {
  async function stop() {
    if (closing.signal.aborted) return;
    closing.abort();
    // Cutting the connections makes the handlers fail, and so clean up behind themselves.
    setTimeout(() => {
      log('cutting off what is still in flight', { seconds: drainSeconds });
      process.exitCode = 1;
      app.server.closeAllConnections();
      setTimeout(() => process.exit(1), 2000).unref();
    }, drainSeconds * 1000).unref();
    await app.close();
    process.exit();
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop());
}
