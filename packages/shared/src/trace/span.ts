/** One step in the trace of a job. */
export interface Span {
  /** 32 hexadecimal digits, the same for all spans of a job. */
  readonly trace: string;
  /** How others refer to this span: W3C Trace Context. */
  readonly traceparent: string;
  set(attribute: string, value: string | number): void;
  /** @param error what the step failed with */
  end(error?: unknown): void;
}

export interface SpanOptions {
  /** The traceparent of what caused it; a new trace begins where that is absent or makes no sense. */
  parent?: string | undefined;
  /** The traceparent of what else it has to do with. */
  link?: string | undefined;
  kind?: 'server' | 'consumer' | 'producer' | 'client';
  attributes?: Record<string, string | number | undefined>;
}

/** Where finished spans go. */
export interface Tracer {
  start(name: string, options: SpanOptions): Span;
  /** Sends what has not been sent yet. Never rejects. */
  flush(): Promise<void>;
}
