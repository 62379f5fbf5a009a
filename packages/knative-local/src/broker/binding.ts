import type { IncomingHttpHeaders } from 'node:http';
import { type CloudEvent, NotAnEvent, wellFormed } from './event.ts';
import { readStructured } from './structured.ts';

/** Whether a message claims to be an event at all: a reply that does not is treated differently from a malformed one. */
export function claimsToBeEvent(headers: IncomingHttpHeaders): boolean {
  return headers['ce-specversion'] !== undefined || essence(headers).startsWith('application/cloudevents');
}

/**
 * Reads an event in binary or structured mode. The SDK's parser decodes data and accepts any specversion, so it is no use here, where
 * bytes must pass unchanged and nonsense must be refused.
 * @throws NotAnEvent
 */
export function readEvent(headers: IncomingHttpHeaders, body: Buffer): CloudEvent {
  const type = essence(headers);
  if (type.startsWith('application/cloudevents-batch')) throw new NotAnEvent('Batches are not supported; send events one by one');
  if (type.startsWith('application/cloudevents')) {
    if (type !== 'application/cloudevents+json')
      throw new NotAnEvent(`The event format ${type} is not supported; use application/cloudevents+json`);
    return wellFormed(readStructured(body));
  }
  const attributes = new Map<string, string>();
  for (const [header, value] of Object.entries(headers)) {
    if (header.startsWith('ce-') && header !== 'ce-datacontenttype' && typeof value === 'string')
      attributes.set(header.slice(3), value);
  }
  if (headers['content-type'] !== undefined) attributes.set('datacontenttype', headers['content-type']);
  return wellFormed({ attributes, data: body });
}

/** Binary mode, in which every subscriber is called. */
export function toHeaders({ attributes, data }: CloudEvent): Record<string, string> {
  const headers: Record<string, string> = { 'content-length': String(data.length) };
  for (const [name, value] of attributes) headers[name === 'datacontenttype' ? 'content-type' : `ce-${name}`] = value;
  return headers;
}

const passed = /^(x-request-id|retry-after|knative-.*|x-b3-.*|traceparent|tracestate)$/;

/** The headers that a broker passes on with an event: tracing, and Knative's own. An asynchronous channel loses baggage. */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string] => passed.test(entry[0]) && typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

function essence(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}
