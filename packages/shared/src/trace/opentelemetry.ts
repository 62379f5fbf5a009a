import { type Link, ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Environment } from '../config.ts';
import { explain } from '../errors.ts';
import type { SpanOptions, Tracer } from './span.ts';

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
} as const;

/** Milliseconds until what has ended is sent: a process that is killed loses no more. And how long the last of it may take. */
const delay = 1000;
const lastDelay = 5000;

/** Sends spans by OTLP over HTTP, as the environment says: https://opentelemetry.io/docs/specs/otel/protocol/exporter/. */
export function openTelemetry({ K_SERVICE, K_REVISION }: Environment): Tracer {
  const own = resourceFromAttributes({
    'service.name': K_SERVICE ?? process.env.FUNC_NAME ?? 'ingest',
    'service.version': K_REVISION,
  });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: delay })],
  });
  const tracer = provider.getTracer('darkroom');

  return {
    start(name, { parent, link, kind, attributes = {} }: SpanOptions) {
      const caused = parent === undefined ? undefined : readTraceparent(parent);
      const context = caused ? trace.setSpanContext(ROOT_CONTEXT, caused) : ROOT_CONTEXT;
      const linked = link === undefined ? undefined : readTraceparent(link);
      const links: Link[] = linked ? [{ context: linked }] : [];
      const options = { links, attributes, ...(kind && { kind: kinds[kind] }) };
      const span = tracer.startSpan(name, options, context);
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        trace: traceId,
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
        set: (attribute, value) => void span.setAttribute(attribute, value),
        end(error) {
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: explain(error) });
          span.end();
        },
      };
    },
    flush: () => provider.forceFlush({ timeoutMillis: lastDelay }).catch(() => undefined),
  };
}

/** Anybody can send anything: what is not well formed begins a new trace. */
function readTraceparent(text: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  return traceId && spanId && flags ? { traceId, spanId, traceFlags: parseInt(flags, 16) & 1, isRemote: true } : undefined;
}
