import { timingSafeEqual } from 'node:crypto';
import type { Environment } from '../config.ts';
import { Rejected } from '../errors.ts';

/**
 * On a single machine, every program can reach a stage's port, so EVENT_TOKEN is a secret between the broker and the stages. On a
 * cluster, where only the broker can reach them, it is not set.
 */
export function bearer({ EVENT_TOKEN }: Environment = process.env): Record<string, string> {
  return EVENT_TOKEN ? { authorization: `Bearer ${EVENT_TOKEN}` } : {};
}

/** @throws Rejected with status 401 if an event does not come from the broker */
export function demandToken(shown: unknown, environment: Environment = process.env): void {
  const { authorization: wanted } = bearer(environment);
  if (wanted === undefined) return;
  const [one, other] = [Buffer.from(String(shown)), Buffer.from(wanted)];
  if (one.length !== other.length || !timingSafeEqual(one, other))
    throw new Rejected('This event does not come from the broker: it does not show EVENT_TOKEN.', { status: 401 });
}
