import type { ObservedOperation, OperationObserver } from "@hother/cancelable";
import {
  type Attributes,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { cancellationAttributes, originReason } from "./cancellation-attributes.ts";
import { failureOf } from "./operation-end.ts";
import type { OperationMetrics } from "./operation-metrics.ts";
import { contextIn, contextOf, setSpan } from "./span-context.ts";
import { hasTraceContext } from "./trace-carrier.ts";

interface Running {
  readonly span: Span;
  /** The attributes of the metric of running operations. */
  readonly named: Attributes;
  /** The duration of the operation when it was cancelled, in ms. */
  cancelledAt: number | undefined;
}

/** Makes a span for each operation that it observes. */
export class OperationSpans implements OperationObserver {
  readonly #tracer: Tracer;
  readonly #kind: SpanKind;
  readonly #createMetrics: () => OperationMetrics;
  /** Created with the first operation, because a meter from before the start of the SDK records nothing. */
  #metrics: OperationMetrics | undefined = undefined;
  readonly #running = new WeakMap<ObservedOperation, Running>();

  constructor(tracer: Tracer, kind: SpanKind, createMetrics: () => OperationMetrics) {
    this.#tracer = tracer;
    this.#kind = kind;
    this.#createMetrics = createMetrics;
  }

  started(operation: ObservedOperation): void {
    const { name } = operation;
    const { metadata } = operation.context;
    const parent = hasTraceContext(metadata)
      ? propagation.extract(ROOT_CONTEXT, metadata)
      : contextIn(operation.parent);
    const span = this.#tracer.startSpan(nameOf(operation), { kind: this.#kind }, parent);
    // The id is made on first use.
    if (span.isRecording()) span.setAttribute("cancelable.operation.id", operation.id);
    // For a call in a thread, which gets the metadata, and for a registry or a log that shows them.
    propagation.inject(setSpan(operation, parent, span), metadata);
    const named: Attributes = name === undefined ? {} : { "cancelable.operation.name": name };
    this.#running.set(operation, { span, named, cancelledAt: undefined });
    this.#metrics ??= this.#createMetrics();
    this.#metrics.started(named);
  }

  around<O extends ObservedOperation, T>(operation: O, body: (operation: O) => T): (operation: O) => T {
    const own = contextOf(operation);
    if (own === undefined) return body;
    return (op) => context.with(own, () => body(op));
  }

  progress(): void {}

  /** Is called in the context of the code that cancels, also in that of another operation. */
  cancelling(operation: ObservedOperation): void {
    const running = this.#running.get(operation);
    if (running === undefined || running.cancelledAt !== undefined) return;
    const { span } = running;
    running.cancelledAt = operation.context.duration;
    if (!span.isRecording()) return;
    span.addEvent("cancelable.cancellation", cancellationAttributes(operation));
    // The parent is known, and a time limit has no code that calls `cancel`.
    if (["parent", "timeout"].includes(operation.context.cancelReason ?? "")) return;
    const canceller = trace.getSpanContext(context.active());
    if (
      canceller !== undefined &&
      isSpanContextValid(canceller) &&
      canceller.spanId !== span.spanContext().spanId
    )
      span.addLink({ context: canceller, attributes: { "cancelable.link": "canceller" } });
  }

  ended(operation: ObservedOperation): void {
    const running = this.#running.get(operation);
    if (running === undefined) return;
    this.#running.delete(operation);
    const { span, named, cancelledAt } = running;
    if (span.isRecording()) describeEnd(span, operation);
    span.end();
    const { status } = operation.context;
    this.#metrics?.ended(operation, named, status === "cancelled" ? cancelledAt : undefined);
  }
}

function describeEnd(span: Span, operation: ObservedOperation): void {
  const { status, cancelReason } = operation.context;
  span.updateName(nameOf(operation)); // a request can learn its name after its start
  span.setAttribute("cancelable.operation.status", status);
  if (status === "cancelled" && cancelReason !== undefined) {
    span.setAttribute("cancelable.cancel.reason", cancelReason);
    span.setAttribute("cancelable.cancel.origin.reason", originReason(operation) ?? cancelReason);
  }
  const failure = failureOf(operation);
  if (failure !== undefined) {
    const { type, error, message } = failure;
    span.setAttribute("error.type", type);
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    if (error instanceof Error) span.recordException(error);
    else if (status === "failed") span.recordException(message ?? "an error that cannot be read");
  }
}

/** Names of spans are few: the id of an operation is an attribute. */
function nameOf({ name }: ObservedOperation): string {
  return name ?? "operation";
}
