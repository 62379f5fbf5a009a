import { Rejected } from '@darkroom/shared/errors';
import { eventType, type Incoming, pingType, readEvent } from '@darkroom/shared/events';
import * as v from 'valibot';

/** An event that exhausted its retries, and what the broker says about it. */
export interface FailedEvent extends Required<Pick<Incoming, 'type' | 'job'>>, Pick<Incoming, 'image' | 'filter'> {
  /** The Service that could not be reached or did not succeed. Brokers do not say it after a timeout or an answer that is no event. */
  stage?: string;
  code?: string;
  reason?: string;
  /** The original attributes, without what brokers add. */
  attributes: Record<string, string>;
}

/** What sweep is asked to do. */
export interface SweepTask {
  type: string;
  job?: string;
  failed?: FailedEvent;
  idleSeconds?: number;
  expire?: boolean;
}

const ping = v.object({
  idleSeconds: v.exactOptional(v.pipe(v.number(), v.minValue(0))),
  expire: v.exactOptional(v.boolean()),
});

const text = v.union([v.string(), v.pipe(v.union([v.number(), v.boolean()]), v.transform(String))]);
const errors = v.object({
  knativeerrordest: v.optional(v.string(), ''),
  knativeerrorcode: v.optional(text),
  knativeerrordata: v.optional(text),
});

/** Limits on what is kept of an event: anyone who can reach the port can send anything. */
const longestAttribute = 100;
const mostAttributes = 30;

/** @throws Rejected with status 400 */
export function readTask(received: unknown): SweepTask {
  const { type } = v.parse(v.object({ type: v.fallback(v.string(), '') }), received ?? {});
  if (type === pingType) return { type, ...readPing(received as { data?: unknown }) };
  const event = readEvent(received);
  if (!(Object.values(eventType) as string[]).includes(event.type))
    throw new Rejected(`Sweep has no use for ${event.type}`, { status: 400 });
  const result = v.safeParse(errors, received);
  if (!result.success) throw new Rejected('The attributes knativeerror... must be texts or numbers', { status: 400 });
  const { knativeerrordest, knativeerrorcode: code, knativeerrordata: data } = result.output;
  const reason = data && Buffer.from(data, 'base64').toString();
  const stage = stageAt(knativeerrordest);
  const { type: _type, job, image, filter } = event;
  const failed = {
    type,
    job,
    ...(image !== undefined && { image }),
    ...(filter !== undefined && { filter }),
    ...(stage && { stage }),
    ...(code && { code: code.slice(0, longestAttribute) }),
    ...(reason && { reason }),
    attributes: attributesOf(received as object),
  };
  return { type, job, failed };
}

/** A Service's host begins with its name: http://sepia.darkroom.svc.cluster.local. Where a reply was refused, it is the broker's own. */
function stageAt(destination: string): string | undefined {
  const host = URL.canParse(destination) ? new URL(destination).hostname : '';
  const name = /^[a-z][a-z0-9-]{0,62}/.exec(host)?.[0];
  return name && /(^|-)broker-ingress$/.test(name) ? undefined : name;
}

function attributesOf(event: object): Record<string, string> {
  const own = Object.entries(event).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && entry[1].length <= longestAttribute && !/^(knative|data|specversion|time$)/.test(entry[0]),
  );
  return Object.fromEntries(own.slice(0, mostAttributes));
}

function readPing({ data }: { data?: unknown }) {
  const result = v.safeParse(ping, contentOf(data));
  if (!result.success) throw new Rejected('The ping needs JSON data such as {"idleSeconds": 60}', { status: 400 });
  return result.output;
}

function contentOf(data: unknown): unknown {
  if (typeof data !== 'string' && !Buffer.isBuffer(data)) return data;
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
