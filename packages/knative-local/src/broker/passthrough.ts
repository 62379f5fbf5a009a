import type { IncomingHttpHeaders } from 'node:http';

const passed = /^(x-request-id|retry-after|knative-.*|x-b3-.*|traceparent|tracestate|baggage)$/;

/** The headers that a broker passes on with an event: trace context, and Knative's own. */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string] => passed.test(entry[0]) && typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}
