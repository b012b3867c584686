import { belongsTo } from "./absorb.ts";
import {
  type AnyCancellation,
  type CancellationError,
  type CancellationReason,
  isCancellationError,
  requireReason,
} from "./errors.ts";
import { requireKnownOptions } from "./known-options.ts";

/** The type of the cancellations with the reason `R`. */
export type CancellationWith<R extends CancellationReason> = [
  Extract<AnyCancellation, { reason: R }>,
] extends [never]
  ? CancellationError & { readonly reason: R }
  : Extract<AnyCancellation, { reason: R }>;

/**
 * Whether an error is a cancellation. The text of a message never decides.
 *
 * Without a second argument, and with `{ reason }`: whether the error itself is a cancellation error of this library, with
 * this reason. The type of the error becomes the class of the reason. For an error that a cancellation caused, use
 * {@link cancellationOf}.
 *
 * With a token, a scope or an operation: whether the error is nothing but the cancellation of this object. This holds
 * for the same error object, for an error whose `cause` chain contains it, and for an `AggregateError` or a
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
 *   console.assert(isCancellation(error) && error.reason === "manual");
 *   console.assert(!isCancellation(error, { reason: "timeout" }));
 * }
 * ```
 */
export function isCancellation(error: unknown): error is AnyCancellation;
export function isCancellation(
  error: unknown,
  of: { readonly error?: CancellationError | undefined } | undefined,
): boolean;
export function isCancellation<const R extends CancellationReason>(
  error: unknown,
  options: { readonly reason: R },
): error is CancellationWith<R>;
export function isCancellation(
  error: unknown,
  of?: { readonly error?: CancellationError | undefined } | { readonly reason: CancellationReason },
): boolean {
  if (of === undefined) return isCancellationError(error);
  if (typeof of === "object" && of !== null && "error" in of) {
    return of.error !== undefined && belongsTo(error, of.error);
  }
  requireKnownOptions(of, { reason: 1 }, "isCancellation");
  const { reason } = of as { readonly reason: CancellationReason };
  requireReason(reason, "options.reason");
  return isCancellationError(error) && error.reason === reason;
}
