import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-node';

// Spans are placed by hand: auto-instrumentation costs a small handler two to four times its own work.
const tracer = trace.getTracer('falaj');

export interface TracingOptions {
  /** OTLP/HTTP endpoint, e.g. `http://127.0.0.1:4318/v1/traces`; undefined = spans are not exported. */
  readonly endpoint?: string;
  /** Share of new traces that are kept, 0 to 1. */
  readonly ratio: number;
  /** Receives each span at once; tests look at what was traced. */
  readonly exporter?: SpanExporter;
}

/** Installs the process's tracer. Returns the function that flushes and stops it. */
export function startTracing(options: TracingOptions): () => Promise<void> {
  const processors = [
    ...(options.endpoint ? [new BatchSpanProcessor(new OTLPTraceExporter({ url: options.endpoint }))] : []),
    ...(options.exporter ? [new SimpleSpanProcessor(options.exporter)] : []),
  ];
  if (processors.length === 0) return async () => {};
  const provider = new NodeTracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    spanProcessors: processors,
  });
  provider.register();
  return () => provider.shutdown();
}

/** All that a span may say. Traces leave the zone: nothing of variables, values, rows, principals or workspaces. */
type SpanAttribute =
  | 'falaj.plugin.kind'
  | 'falaj.plugin.method'
  | 'falaj.plugin.name'
  | 'falaj.subgraph'
  | 'graphql.operation.name'
  | 'http.request.method'
  | 'workflow.name'
  | 'workflow.run'
  | 'workflow.step';

/** Runs `work` in a span; a thrown error marks it and goes on. */
export async function withSpan<T>(
  name: string,
  attributes: Readonly<Partial<Record<SpanAttribute, string>>>,
  work: (span: Span) => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes, kind }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The W3C `traceparent` of the active span; empty when there is none. */
export function currentTraceparent(): string {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? '';
}

/** Runs `work` under a trace begun elsewhere. */
export function underTraceparent<T>(traceparent: string | undefined, work: () => T): T {
  if (!traceparent) return work();
  return context.with(propagation.extract(context.active(), { traceparent }), work);
}

export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}
