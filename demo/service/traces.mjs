// @ts-check
/* The traces of the services. They stay in memory: a real service sends them to a collector. */
import { traceOperations } from "@hother/cancelable-integrations/otel";
import { context, propagation, SpanKind } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { drawTrace } from "./draw-trace.mjs";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

/** Observers that make a span for each request, and for each other operation, of a service. @param {string} service */
export function tracesOf(service) {
  const tracer = provider.getTracer(service);
  return {
    requests: traceOperations({ tracer, kind: SpanKind.SERVER }),
    operations: traceOperations({ tracer }),
  };
}

/** Draws the first trace of a client that left while the database worked. Undefined if there was none. */
export function traceOfLeftClient() {
  const spans = exporter.getFinishedSpans();
  const wasLeft = spans.find(
    ({ name, events, attributes: { "cancelable.operation.status": status } }) =>
      name === "query stock" &&
      status === "cancelled" &&
      events.some(({ attributes }) => attributes?.["cancelable.cancel.origin.reason"] === "disconnect"),
  );
  if (wasLeft === undefined) return undefined;
  const { traceId } = wasLeft.spanContext();
  return drawTrace(spans.filter((span) => span.spanContext().traceId === traceId));
}
