import { currentOperation, type ObservedOperation } from "@hother/cancelable";
import { invalidType, requireFunction } from "@hother/cancelable/extending";
import { context, propagation } from "@opentelemetry/api";
import { contextIn } from "./span-context.ts";

/** A trace context as plain data, such as `{ traceparent: "00-…-01" }`. The global propagator decides the names. */
export type TraceCarrier = Record<string, string>;

/**
 * The trace context of the calling code, as plain data: for the data of a job, a message, the headers of a request, or the
 * `metadata` of a call in a thread. Empty if there is no span, or no global propagator.
 *
 * @param operation The operation whose span is meant, in code in which no span is active. Default: the current operation.
 * @example
 * ```ts
 * import { traceContext, withTraceContext } from "@hother/cancelable-integrations/otel";
 *
 * const job = { image: 7, trace: traceContext() }; // goes through a queue
 * const size = await withTraceContext(job.trace, async () => job.image * 2); // new spans belong to the trace of the sender
 * console.assert(size === 14);
 * ```
 */
export function traceContext(operation: ObservedOperation | undefined = currentOperation()): TraceCarrier {
  const carrier: TraceCarrier = {};
  propagation.inject(contextIn(operation), carrier);
  return carrier;
}

/**
 * Calls `fn` in the trace context of a carrier, so that new spans and operations belong to the trace of the sender. Other
 * entries of the carrier are ignored. Without a trace context in the carrier, the active one stays.
 *
 * @param carrier The result of {@link traceContext}, or an object with it: the metadata of an operation, the headers of a
 *   request. `undefined` stands for an empty one.
 * @throws TypeError for a wrong argument.
 */
export function withTraceContext<T>(
  carrier: Readonly<Record<string, unknown>> | undefined | null,
  fn: () => T,
): T {
  if (carrier !== undefined && (typeof carrier !== "object" || Array.isArray(carrier)))
    throw invalidType("carrier", "an object, such as the result of traceContext()", carrier);
  requireFunction(fn, "fn");
  return context.with(propagation.extract(context.active(), carrier ?? {}), fn);
}

/** Whether `metadata` has a trace context. */
export function hasTraceContext(metadata: Readonly<Record<string, unknown>>): boolean {
  return propagation.fields().some((field) => metadata[field] !== undefined);
}
