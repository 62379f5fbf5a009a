import { Rejected } from '@darkroom/shared/errors';
import { eventType, type Incoming, pingType, readEvent } from '@darkroom/shared/events';
import * as v from 'valibot';

/** An event that exhausted its retries, and what the broker says of it. */
export interface DeadLetter extends Incoming {
  /** The subscriber that could not be reached or did not succeed. */
  destination: string | undefined;
  code: string | undefined;
}

/** What sweep is asked to do. */
export interface Call {
  type: string;
  job?: string;
  deadLetter?: DeadLetter;
  idleSeconds?: number;
  expire?: boolean;
}

const ping = v.object({
  idleSeconds: v.optional(v.pipe(v.number(), v.minValue(0))),
  expire: v.optional(v.boolean()),
});

const letter = v.object({
  knativeerrordest: v.optional(v.string()),
  knativeerrorcode: v.optional(v.union([v.string(), v.pipe(v.number(), v.transform(String))])),
});

/** @throws Rejected with status 400 */
export function readCall(received: unknown): Call {
  const { type } = v.parse(v.object({ type: v.fallback(v.string(), '') }), received ?? {});
  if (type === pingType) return { type, ...readPing(received as { data?: unknown }) };
  const event = readEvent(received);
  if (!(Object.values(eventType) as string[]).includes(event.type))
    throw new Rejected(`Sweep has no use for ${event.type}`, { status: 400 });
  const { knativeerrordest, knativeerrorcode } = v.parse(letter, received);
  return { type, job: event.job, deadLetter: { ...event, destination: knativeerrordest, code: knativeerrorcode } };
}

function readPing({ data }: { data?: unknown }) {
  const result = v.safeParse(ping, typeof data === 'string' || Buffer.isBuffer(data) ? JSON.parse(data.toString()) : data);
  if (!result.success) throw new Rejected('The ping needs JSON data such as {"idleSeconds": 60}', { status: 400 });
  const { idleSeconds, expire } = result.output;
  return { ...(idleSeconds !== undefined && { idleSeconds }), ...(expire !== undefined && { expire }) };
}
