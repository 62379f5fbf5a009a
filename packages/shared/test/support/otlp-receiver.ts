import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** One span, as a backend sees it. */
export interface ReceivedSpan {
  trace: string;
  id: string;
  parent: string;
  name: string;
  service: string;
  attributes: Record<string, unknown>;
  /** Span ids. */
  links: string[];
  failed: boolean;
  /** Nanoseconds since 1970. */
  start: bigint;
  end: bigint;
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}
interface Request {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        attributes: Attribute[];
        links?: { spanId: string }[];
        status?: { code?: number };
        startTimeUnixNano: string;
        endTimeUnixNano: string;
      }[];
    }[];
  }[];
}

/**
 * Receives traces by OTLP over HTTP, in JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
 * @param next another receiver, which gets them too: "http://localhost:4318"
 */
export async function startOtlpReceiver(next?: string) {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    if (request.url !== '/v1/traces') return void response.writeHead(404).end();
    receive(request).then(
      () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      () => response.writeHead(400).end(),
    );
  });
  async function receive(request: IncomingMessage): Promise<void> {
    const received = await json(request);
    spans.push(...spansOf(received as Request));
    if (next === undefined) return;
    const headers = { 'content-type': 'application/json' };
    const { ok, status } = await fetch(`${next}/v1/traces`, { method: 'POST', headers, body: JSON.stringify(received) });
    if (!ok) throw new Error(`${next} answered ${status}`);
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function spansOf({ resourceSpans }: Request): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        trace: span.traceId,
        id: span.spanId,
        parent: span.parentSpanId ?? '',
        name: span.name,
        service: String(valuesOf(resource.attributes)['service.name']),
        attributes: valuesOf(span.attributes),
        links: (span.links ?? []).map(({ spanId }) => spanId),
        failed: span.status?.code === 2,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
      })),
    ),
  );
}

function valuesOf(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}
