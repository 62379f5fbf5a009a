import type { Clock } from '@darkroom/shared/clock';
import { log } from '@darkroom/shared/log';
import type { FastifyInstance } from 'fastify';

type Server = Pick<FastifyInstance, 'close' | 'server'>;

/** Milliseconds that requests in flight may still take. Kubernetes kills after 30 s unless told otherwise. */
const drainTime = 25_000;
/** Milliseconds for handlers whose connection was cut to clean up after themselves. */
const cleanUpTime = 2_000;

/**
 * On SIGTERM, accepts no more connections, finishes what is in flight, and exits.
 * @param closing aborted at the signal, for requests that wait on purpose
 * @param lastWords what is left to be done once nothing is in flight
 */
export function stopOnSignal(
  app: Server,
  closing: AbortController,
  clock: Clock,
  lastWords: () => Promise<void> = async () => {},
): void {
  async function stop() {
    if (closing.signal.aborted) return;
    closing.abort();
    const isFinished = await finish(app, clock);
    await lastWords();
    process.exit(isFinished ? 0 : 1);
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop());
}

/** Closes a server, and returns whether everything in flight could finish. The rest was cut off. */
export async function finish(app: Server, clock: Clock): Promise<boolean> {
  let isCut = false;
  const closed = new AbortController();
  const closing = app.close().then(() => closed.abort());
  await Promise.race([closing, cut().catch(() => {})]);
  return !isCut;

  async function cut(): Promise<void> {
    await clock.sleep(drainTime, closed.signal);
    isCut = true;
    log('cutting off what is still in flight', { seconds: drainTime / 1000 });
    app.server.closeAllConnections();
    await clock.sleep(cleanUpTime, closed.signal);
  }
}
