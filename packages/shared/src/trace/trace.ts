import { currentWork, workingOn } from './current.ts';
import * as v from 'valibot';
import { readConfig, url } from '../config.ts';
import type { DarkroomEvent } from '../events.ts';
import type { Span, SpanOptions, Tracer } from './span.ts';

const settings = {
  /** Where traces go, by OTLP over HTTP; without it, nothing is traced. OpenTelemetry's library reads its other variables itself. */
  OTEL_EXPORTER_OTLP_ENDPOINT: v.optional(url('http:', 'https:')),
};

let tracer: Tracer | undefined;

/** Traces from now on, if the environment says where to. The library is loaded only then, so that a cold start without it costs nothing. */
export async function openTracing(environment = process.env): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT } = readConfig(settings, environment);
  if (OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) tracer = (await import('./opentelemetry.ts')).openTelemetry(environment);
}

/** Sends what is left, before the process ends. */
export async function flushTraces(): Promise<void> {
  await tracer?.flush();
}

/** Does some work as a step in a trace: as part of what is under way, unless `parent` says otherwise. */
export async function traced<Result>(
  name: string,
  options: SpanOptions,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  const span = tracer?.start(name, { ...options, parent: options.parent ?? currentWork().span?.traceparent });
  if (!span) return work(undefined);
  try {
    const result = await workingOn({ span }, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** An event as part of what is under way: the extension Distributed Tracing of CloudEvents. */
export function withTrace(event: DarkroomEvent): DarkroomEvent {
  const { span } = currentWork();
  return span ? event.cloneWith({ traceparent: span.traceparent }) : event;
}
