import type { IncomingHttpHeaders } from 'node:http';
import { NotAnEvent } from './not-an-event.ts';
import { readStructured } from './structured.ts';

/**
 * A CloudEvent on its way through. Data stay the bytes that came, and attributes stay in the form in which headers carry
 * them: a broker passes on, and must not lose anything by understanding it.
 */
export interface Event {
  /** By lower-case name; `datacontenttype` included, where there is one. */
  attributes: ReadonlyMap<string, string>;
  data: Buffer;
}

const required = ['id', 'source', 'type'];
const timestamp = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Whether a message claims to be an event at all: a reply that does not is judged otherwise than one that is malformed. */
export function claimsToBeEvent(headers: IncomingHttpHeaders): boolean {
  return headers['ce-specversion'] !== undefined || essence(headers).startsWith('application/cloudevents');
}

/**
 * Reads an event in binary or structured mode. The SDK's own parser decodes data and takes any specversion, so it cannot
 * be used where bytes must pass unchanged and nonsense must be refused.
 * @throws NotAnEvent
 */
export function readEvent(headers: IncomingHttpHeaders, body: Buffer): Event {
  const type = essence(headers);
  if (type.startsWith('application/cloudevents-batch')) throw new NotAnEvent('Batches are not supported; send events one by one');
  if (type.startsWith('application/cloudevents')) {
    if (type !== 'application/cloudevents+json')
      throw new NotAnEvent(`The event format ${type} is not supported; use application/cloudevents+json`);
    return validated(readStructured(body));
  }
  const attributes = new Map<string, string>();
  for (const [header, value] of Object.entries(headers)) {
    if (header.startsWith('ce-') && header !== 'ce-datacontenttype' && typeof value === 'string')
      attributes.set(header.slice(3), value);
  }
  if (headers['content-type'] !== undefined) attributes.set('datacontenttype', headers['content-type']);
  return validated({ attributes, data: body });
}

/** Binary mode, in which every subscriber is called. */
export function toHeaders({ attributes, data }: Event): Record<string, string> {
  const headers: Record<string, string> = { 'content-length': String(data.length) };
  for (const [name, value] of attributes) headers[name === 'datacontenttype' ? 'content-type' : `ce-${name}`] = value;
  return headers;
}

export function withAttributes(event: Event, changes: Record<string, string | undefined>): Event {
  const attributes = new Map(event.attributes);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) attributes.delete(name);
    else attributes.set(name, value);
  }
  return { attributes, data: event.data };
}

function validated(event: Event): Event {
  const { attributes } = event;
  const version = attributes.get('specversion');
  if (version !== '1.0')
    throw new NotAnEvent(
      version === undefined ? 'ce-specversion is missing' : `specversion ${version} is not supported; use 1.0`,
    );
  for (const name of required) if (!attributes.get(name)) throw new NotAnEvent(`The attribute ${name} is missing`);
  for (const name of attributes.keys()) {
    if (!/^[a-z0-9]+$/.test(name))
      throw new NotAnEvent(`The attribute name ${name} is not allowed; use lower-case letters and digits`);
  }
  const time = attributes.get('time');
  if (time !== undefined && !timestamp.test(time))
    throw new NotAnEvent(`The attribute time is not an RFC 3339 timestamp: ${time}`);
  return event;
}

function essence(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}
