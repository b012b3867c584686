// @ts-check
// Operations as spans of OpenTelemetry. A cancellation is no error, and names its origin.
import { Cancellable, sleep } from "@hother/cancelable";
import { traceOperations } from "@hother/cancelable-integrations/otel";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

// The SDK for Node does these steps at its start.
const exporter = new InMemorySpanExporter();
const spanProcessors = [new SimpleSpanProcessor(exporter)];
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

const traced = traceOperations();
const report = new Cancellable({ name: "report", register: traced });
await report.settle(async () => {
  await new Cancellable({ name: "count", register: traced }).run(() => sleep(1));
  report.cancel("quota", "too many reports");
  await new Cancellable({ name: "query", register: traced }).run(() => sleep({ minutes: 1 }));
});

const spans = exporter.getFinishedSpans();
const nameOf = (/** @type {string | undefined} */ id) =>
  spans.find((span) => span.spanContext().spanId === id)?.name ?? "none";
for (const { name, parentSpanContext, status, events } of spans) {
  const origin = events[0]?.attributes?.["cancelable.cancel.origin.reason"] ?? "-";
  console.log(
    `${name}: parent ${nameOf(parentSpanContext?.spanId)}, status ${status.code}, cancelled by ${origin}`,
  );
}

// prints:
// count: parent report, status 0, cancelled by -
// query: parent report, status 0, cancelled by quota
// report: parent none, status 0, cancelled by quota
