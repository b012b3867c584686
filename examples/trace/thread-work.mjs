// Work for a thread: a thread has an SDK of its own, and gets the trace context in the metadata of the operation.
import { Cancellable, currentOperation } from "@hother/cancelable";
import { traceContext, traceOperations, withTraceContext } from "@hother/cancelable-integrations/otel";
import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const tracer = new BasicTracerProvider().getTracer("thread");

/** The traceparent of an operation that starts in the thread, and that of the call. */
export default function hash() {
  const metadata = currentOperation()?.context.metadata;
  return withTraceContext(metadata, () =>
    new Cancellable({ name: "hash part", register: traceOperations({ tracer }) }).run(() => ({
      own: traceContext().traceparent,
      call: metadata?.traceparent,
    })),
  );
}
