import {
  Cancellable,
  type CancellationError,
  isCancellation,
  type ObservedOperation,
} from "@hother/cancelable";
import type { Attributes } from "@opentelemetry/api";

/** The cancellation of an operation. Undefined for an operation of another thread, of which only its reason is known. */
function errorOf(operation: ObservedOperation): CancellationError | undefined {
  return operation instanceof Cancellable ? operation.error : undefined;
}

/** The cancellation with which the chain of causes began. */
function originOf(error: CancellationError): CancellationError {
  const seen = new Set<CancellationError>();
  let origin = error;
  while (isCancellation(origin.cause) && !seen.has(origin)) {
    seen.add(origin);
    origin = origin.cause;
  }
  return origin;
}

/** The name of the source that cancelled an operation, or `cancel` for a call of `cancel()`. */
function cancelledBy(operation: ObservedOperation, reason: string | undefined): string {
  const { cancelledBy: source } = operation.context.metadata;
  return typeof source === "string" ? source : reason === "parent" ? "parent" : "cancel";
}

/**
 * The attributes of the event of a cancellation. The origin is the first cancellation of the chain of causes: that of an
 * operation far above, or of a token.
 */
export function cancellationAttributes(operation: ObservedOperation): Attributes {
  const { cancelReason, cancelMessage } = operation.context;
  const attributes: Attributes = { "cancelable.cancel.by": cancelledBy(operation, cancelReason) };
  if (cancelReason !== undefined) attributes["cancelable.cancel.reason"] = cancelReason;
  if (cancelMessage !== undefined) attributes["cancelable.cancel.message"] = cancelMessage;
  const error = errorOf(operation);
  return error === undefined ? attributes : Object.assign(attributes, originAttributes(operation, error));
}

function originAttributes(operation: ObservedOperation, error: CancellationError): Attributes {
  const origin = originOf(error);
  const attributes: Attributes = {
    "cancelable.cancel.origin.reason": origin.reason,
    "cancelable.cancel.origin.message": origin.message,
  };
  const { operation: owner, cause } = origin;
  if (owner !== undefined) {
    attributes["cancelable.cancel.origin.operation.id"] = owner.id;
    if (owner.name !== undefined) attributes["cancelable.cancel.origin.operation.name"] = owner.name;
    for (let above = operation.parent; above !== undefined; above = above.parent)
      if (above.id === owner.id)
        attributes["cancelable.cancel.origin.by"] = cancelledBy(above, origin.reason);
  }
  // A failure that led to the cancellation, or the reason of an `AbortSignal`.
  if (cause instanceof Error) attributes["cancelable.cancel.cause"] = `${cause.name}: ${cause.message}`;
  else if (typeof cause === "string") attributes["cancelable.cancel.cause"] = cause;
  return attributes;
}

/** The reason with which a cancellation began. */
export function originReason(operation: ObservedOperation): string | undefined {
  const error = errorOf(operation);
  return error === undefined ? operation.context.cancelReason : originOf(error).reason;
}
