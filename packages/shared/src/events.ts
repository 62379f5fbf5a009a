import { CloudEvent } from 'cloudevents';
import * as v from 'valibot';
import { filterName } from './config.ts';
import { Rejected } from './errors.ts';

/** Every event type of Darkroom. A test holds the Triggers in config/ to this list. */
export const eventType = {
  imageUploaded: 'dev.darkroom.image.uploaded',
  filterFinished: 'dev.darkroom.filter.finished',
  archiveCreated: 'dev.darkroom.archive.created',
  jobCompleted: 'dev.darkroom.job.completed',
  rolloutAdvanced: 'dev.darkroom.rollout.advanced',
  rolloutRolledBack: 'dev.darkroom.rollout.rolled-back',
} as const;

/** An event of Darkroom says everything in its attributes, where Triggers can see it; the data repeats them. */
export type DarkroomEvent = CloudEvent<Record<string, string>>;

/** What a PingSource sends. */
export const pingType = 'dev.knative.sources.ping';

export type PrintOutcome = 'succeeded' | 'rejected';

export type JobOutcome = 'completed' | 'failed';

/** The part of a job that travels with its events; the rest waits in the store (claim check). */
export interface Route {
  job: string;
  filters: readonly string[];
  archive: boolean;
}

export const jobId = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
export const imageId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,2}$/));

const checked = v.object({
  type: v.string(),
  job: jobId,
  image: v.optional(imageId),
  filter: v.optional(filterName),
});

/** What an attribute may hold: in binary mode all are texts, in structured mode they may be numbers and booleans as well. */
const attribute = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));

/** An event that has been checked: what a stage may rely on, and all of its other attributes as whoever sent them wrote them. */
export interface Incoming extends v.InferOutput<typeof checked> {
  outcome?: string;
  archive?: string;
  [attribute: string]: string | undefined;
}

/**
 * Checks an event that arrived over HTTP: anyone who can reach the port can send anything.
 * @returns all attributes of the event as texts, without its data
 * @throws Rejected with status 400, which the broker does not retry
 */
export function readEvent(event: unknown): Incoming {
  const result = v.safeParse(checked, event);
  if (result.success) return { ...attributesOf(event as object), ...result.output };
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'event'}: ${issue.message}`);
  throw new Rejected(`Not an event that Darkroom understands: ${faults.join('; ')}`, { status: 400 });
}

function attributesOf(event: object): Record<string, string> {
  const named = Object.entries(event).filter(([name]) => /^[a-z\d]+$/.test(name) && name !== 'data');
  return Object.fromEntries(
    named.flatMap(([name, value]) => {
      const result = v.safeParse(attribute, value);
      return result.success ? [[name, result.output]] : [];
    }),
  );
}

/** One per image, from ingest: each active filter finds its own name set to true. */
export function imageUploaded({ job, filters, archive }: Route, image: string): DarkroomEvent {
  const switches = Object.fromEntries(filters.map((name) => [name, 'true']));
  return create(eventType.imageUploaded, 'ingest', `${job}/${image}/ingest`, {
    ...switches,
    job,
    image,
    archive: String(archive),
  });
}

/** From a filter, or from sweep on its behalf. */
export function filterFinished({ job, archive }: Route, image: string, filter: string, outcome: PrintOutcome): DarkroomEvent {
  return create(eventType.filterFinished, filter, `${job}/${image}/${filter}`, {
    job,
    image,
    filter,
    outcome,
    archive: String(archive),
  });
}

export function archiveCreated(job: string): DarkroomEvent {
  return create(eventType.archiveCreated, 'zip', `${job}/zip`, { job });
}

/** Webhook is called only for the jobs that have one: most have none. */
export function jobCompleted(
  { job, notifyUrl }: { job: string; notifyUrl?: string | undefined },
  outcome: JobOutcome,
): DarkroomEvent {
  return create(eventType.jobCompleted, 'notify', `${job}/notify`, { job, outcome, webhook: String(notifyUrl !== undefined) });
}

/**
 * The id is derived, so that a repeat can be recognised. No subject: Knative would use it as a metric label.
 * There is always data: frameworks refuse an empty body with the content type that the SDK gives every event.
 */
function create(type: string, stage: string, id: string, extensions: Record<string, string>): DarkroomEvent {
  const event = { type, source: `/darkroom/${stage}`, id, datacontenttype: 'application/json', data: extensions, ...extensions };
  return new CloudEvent<Record<string, string>>(event);
}
