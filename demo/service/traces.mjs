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

/** @typedef {import("@opentelemetry/sdk-trace-base").ReadableSpan} ReadableSpan */

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

/** Whether the operation of a span was cancelled because a client has left. @param {ReadableSpan} span */
const wasLeft = ({ events, attributes: { "cancelable.operation.status": status } }) =>
  status === "cancelled" &&
  events.some(({ attributes }) => attributes?.["cancelable.cancel.origin.reason"] === "disconnect");

/** Draws the first trace of a client that left while the database worked. Undefined if there was none. */
export function traceOfLeftClient() {
  const spans = exporter.getFinishedSpans();
  const left = spans.filter(wasLeft);
  // The gateway is a client of the store, and leaves at its own time limit, too.
  const ofClients = left
    .filter(({ instrumentationScope }) => instrumentationScope.name === "gateway")
    .map((span) => span.spanContext().traceId);
  const query = left.find(
    (span) => span.name === "query stock" && ofClients.includes(span.spanContext().traceId),
  );
  if (query === undefined) return undefined;
  const { traceId } = query.spanContext();
  return drawTrace(spans.filter((span) => span.spanContext().traceId === traceId));
}
