import type { CancellationError } from "@hother/cancelable";
import { withCause } from "@hother/cancelable/extending";

/**
 * The error of a statement that was cancelled: a copy of `reason`, the error of the scope, with `cause`, the error of this
 * statement, as its cause. A copy, because all statements of a scope have the same `reason`, and each has its own cause. The
 * chain of causes leads on to `reason`, so that the scope recognises the copy as its cancellation.
 */
export function cancelledStatement(reason: CancellationError, cause: unknown): CancellationError {
  return leadTo(reason, cause) ? withCause(reason, cause) : reason;
}

/** Makes `reason` the last cause in the chain of `error`. Returns false if the chain cannot be made longer. */
function leadTo(reason: CancellationError, error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let link = error; typeof link === "object" && link !== null && !seen.has(link); ) {
    if (link === reason) return true;
    seen.add(link);
    const { cause } = link as { readonly cause?: unknown };
    if (cause === undefined || cause === null)
      return Reflect.defineProperty(link, "cause", { value: reason, configurable: true, writable: true });
    link = cause;
  }
  return false;
}
