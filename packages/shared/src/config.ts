import * as v from 'valibot';
import { Misconfigured } from './errors.ts';

export type Environment = Record<string, string | undefined>;

/**
 * Reads settings from the environment once, and reports every fault in a single error.
 * An empty variable counts as absent: that is how an unset key of a Secret or ConfigMap arrives.
 *
 * @param settings one valibot schema per variable name
 * @throws Misconfigured "SMTP_URL is missing; MAIL_ATTACH_MAX: a whole number from 0 to ..."
 */
export function readConfig<Settings extends v.ObjectEntries>(
  settings: Settings,
  environment: Environment = process.env,
): v.InferOutput<v.ObjectSchema<Settings, undefined>> {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = v.safeParse(v.object(settings), present, { abortPipeEarly: true });
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => {
    const name = v.getDotPath(issue) ?? 'environment';
    return issue.input === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
  });
  throw new Misconfigured(`Settings are wrong: ${faults.join('; ')}. Correct them in the environment and start again.`);
}

/** A whole number within bounds, from text. */
export function integer(minimum: number, maximum: number) {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d+$/, message),
    v.transform(Number),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
  );
}

/** "true" or "false", from text. */
export const flag = v.pipe(
  v.picklist(['true', 'false'], 'must be true or false'),
  v.transform((text) => text === 'true'),
);

/**
 * Names that a filter cannot have because they already mean something else: attributes of CloudEvents and their extensions, attributes
 * of Darkroom's own events, fields of a post, files that every job has, the other stages, packages, Services beside the functions, and
 * what every object of JavaScript has.
 */
const reservedNames = `
  specversion id source type subject time data datacontenttype dataschema
  dataref traceparent tracestate partitionkey sequence sequencetype sampledrate expirytime
  job image filter outcome archive stage
  file upload email format quality locale wait name revision
  original manifest mail
  ingest zip notify webhook sweep unknown
  shared lab
  inbox store
  constructor
`.split(/\s+/);

/** The name of a filter. It doubles as an event attribute, hence lower-case letters and digits only. */
export const filterName = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9]{0,19}$/, 'must be 1 to 20 lower-case letters and digits, like sepia'),
  v.check(
    (name) => !reservedNames.includes(name) && !name.startsWith('knative'),
    ({ input }) =>
      `“${input}” already means something else on events, in a post, in the store or to the platform; choose another name`,
  ),
);

/** Filter names, separated by commas. */
export const filterNames = v.pipe(
  v.string(),
  v.transform((text) => [...new Set(text.split(',').map((name) => name.trim()))]),
  v.array(filterName),
);

/**
 * @param kind what is to have the name, in words
 * @throws Misconfigured if a filter cannot have this name
 */
export function checkFilterName(name: string, kind = 'filter'): void {
  const result = v.safeParse(filterName, name);
  if (!result.success) throw new Misconfigured(`The ${kind} ${JSON.stringify(name)}: ${result.issues[0].message}.`);
}

/** An absolute URL with one of the given protocols ("http:", "smtp:"). */
export function url(...protocols: string[]) {
  const message = `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`;
  return v.pipe(
    v.string(),
    v.check((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), message),
  );
}
