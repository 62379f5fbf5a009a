import { log } from './log.ts';
import { metrics } from './metrics/metrics.ts';

/**
 * Logs that this process accepts requests, and in milliseconds since it was started, when Node had booted and began to load the program,
 * and when that could answer.
 */
export function logListening(fields: Record<string, string | number | undefined>): void {
  const { bootstrapComplete } = performance.nodeTiming;
  metrics.startSeconds.observe({}, performance.now() / 1000);
  log('listening', { ...fields, booted: Math.round(bootstrapComplete), ms: Math.round(performance.now()) });
}
