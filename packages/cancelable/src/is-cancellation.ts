import { belongsTo } from "./absorb.ts";
import { type CancellationError, isCancellationError } from "./errors.ts";

/**
 * Whether an error is a cancellation. The text of a message never decides.
 *
 * Without `of`: whether the error, or an error in its `cause` chain, is a cancellation error of this library.
 *
 * With `of` (a token, a scope or an operation): whether the error is nothing but the cancellation of this object. This
 * holds for the same error object, for an error whose `cause` chain contains it, and for an `AggregateError` or a
 * `SuppressedError` that contains nothing else. Once the object is cancelled, it also holds for an `AbortError` that
 * this library did not create, because `fetch` throws such errors. A `TimeoutError` is never recognised by its name.
 *
 * @example
 * ```ts
 * import { CancellationToken, isCancellation } from "@hother/cancelable";
 *
 * const token = new CancellationToken();
 * token.cancel("manual", "enough");
 * try {
 *   token.check();
 * } catch (error) {
 *   console.assert(isCancellation(error, token));
 * }
 * ```
 */
export function isCancellation(
  error: unknown,
  of?: { readonly error?: CancellationError | undefined },
): boolean {
  if (of === undefined) return hasCancellation(error);
  const own = of.error;
  return own !== undefined && belongsTo(error, own);
}

/** Whether an error or an error in its `cause` chain is one of this library. Safe against cycles and bad getters. */
function hasCancellation(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let link = error; typeof link === "object" && link !== null && !seen.has(link); ) {
    if (isCancellationError(link)) return true;
    seen.add(link);
    try {
      link = (link as { readonly cause?: unknown }).cause;
    } catch {
      return false;
    }
  }
  return false;
}
