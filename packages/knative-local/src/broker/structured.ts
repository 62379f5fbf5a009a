import { type CloudEvent, NotAnEvent } from './event.ts';

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
// Newer than the library's types: the reviver's context, and JSON.rawJSON.
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;
const { rawJSON } = JSON as typeof JSON & { rawJSON: (text: string) => unknown };

/** Reads the JSON event format (application/cloudevents+json). */
export function readStructured(body: Buffer): CloudEvent {
  const text = body.toString('utf8');
  const { data, data_base64: base64, ...rest } = object(() => JSON.parse(text) as unknown);
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(rest)) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new NotAnEvent(`The attribute ${name} is neither text, number nor boolean`);
    }
    attributes.set(name, headerSafe(String(value)));
  }
  if (base64 !== undefined && base64 !== null) {
    if (data !== undefined || typeof base64 !== 'string')
      throw new NotAnEvent('data_base64 must be text, and stand without data');
    return { attributes, data: Buffer.from(base64, 'base64') };
  }
  if (data === undefined) return { attributes, data: Buffer.alloc(0) };

  // Like Knative, pass on an event without datacontenttype as JSON, without saying so.
  const type = attributes.get('datacontenttype') ?? 'application/json';
  if (!/^(application|text)\/json\s*(;|$)/i.test(type)) {
    if (typeof data === 'string') return { attributes, data: Buffer.from(data) };
    throw new NotAnEvent(`data of the type ${type} must be text; send JSON as application/json, or bytes as data_base64`);
  }
  // Values stay as they are written: above 2^53, a round trip through doubles would change a number.
  const exact = object(() => parse(text, (_key, value, { source }) => (source === undefined ? value : rawJSON(source))));
  return { attributes, data: Buffer.from(JSON.stringify(exact['data'])) };
}

function object(read: () => unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = read();
  } catch (cause) {
    throw new NotAnEvent('The body is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotAnEvent('The body is not a JSON object');
  return value as Record<string, unknown>;
}

/** CloudEvents HTTP binding 3.1.3.2: what a header cannot carry is percent-encoded UTF-8. */
export function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character.isWellFormed() ? character : '\ufffd'));
}
