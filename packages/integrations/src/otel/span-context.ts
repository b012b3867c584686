import { currentOperation, type ObservedOperation } from "@hother/cancelable";
import { type Context, context, createContextKey, type Span, trace } from "@opentelemetry/api";

/** The operation that is nearest to the code with a context, of those that have a span. */
const operationKey = createContextKey("@hother/cancelable-integrations operation");

/** The contexts in which the span of an operation is the active one. */
const contexts = new WeakMap<ObservedOperation, Context>();

/** Makes the context of an operation, in which `span` is the active span. */
export function setSpan(operation: ObservedOperation, parent: Context, span: Span): Context {
  const own = trace.setSpan(parent.setValue(operationKey, operation), span);
  contexts.set(operation, own);
  return own;
}

/**
 * The context for new spans in `operation`: the active one, which can have a span of the user's, or else that of the nearest
 * operation that has a span. An active context of another operation does not count, and without a context manager there is
 * no active context.
 */
export function contextIn(operation: ObservedOperation | undefined): Context {
  const active = context.active();
  for (let above = operation; above !== undefined; above = above.parent) {
    const own = contexts.get(above);
    if (own !== undefined) return active.getValue(operationKey) === above ? active : own;
  }
  return active;
}

/** The context of an operation with a span. */
export function contextOf(operation: ObservedOperation): Context | undefined {
  return contexts.get(operation);
}

/**
 * The span of an operation, or of the nearest operation above that has one. For code in the handle form, in which no span is
 * active, and for attributes.
 *
 * @param operation Default: the current operation.
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { spanOf, traceOperations } from "@hother/cancelable-integrations/otel";
 *
 * const traced = traceOperations();
 * await new Cancellable({ name: "import", register: traced }).run((op) => {
 *   spanOf(op)?.setAttribute("rows", 1_000);
 * });
 * console.assert(spanOf() === undefined);
 * ```
 */
export function spanOf(operation: ObservedOperation | undefined = currentOperation()): Span | undefined {
  for (let above = operation; above !== undefined; above = above.parent) {
    const own = contexts.get(above);
    if (own !== undefined) return trace.getSpan(own);
  }
  return undefined;
}
