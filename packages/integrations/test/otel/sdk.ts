import { context, propagation, SpanStatusCode } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll } from "vitest";

/** Sets the global context manager and the propagator, as an application does. Returns the exporter and a tracer. */
export function useTracing() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  });
  afterEach(() => exporter.reset());
  afterAll(() => {
    context.disable();
    propagation.disable();
    return provider.shutdown();
  });
  const named = (name: string): ReadableSpan => {
    const found = exporter.getFinishedSpans().filter((span) => span.name === name);
    if (found.length !== 1) throw new Error(`${found.length} ended spans are named ${name}`);
    return found[0] as ReadableSpan; // one was found
  };
  return { exporter, tracer: provider.getTracer("test"), named };
}

/** The status of a span and its `error.type`. */
export function statusOf(span: ReadableSpan): { status: string; errorType: unknown } {
  return { status: SpanStatusCode[span.status.code] ?? "?", errorType: span.attributes["error.type"] };
}

export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** A number, or the count and the sum of a histogram. */
  readonly value: unknown;
}

/** A meter, and its points by the name of the metric. */
export function useMetrics() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  afterAll(() => provider.shutdown());
  const points = async (name: string): Promise<Point[]> => {
    exporter.reset();
    await reader.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })));
  };
  return { meter: provider.getMeter("test"), points };
}
