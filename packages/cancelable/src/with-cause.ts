import { type AnyCancellation, CancellationError } from "./errors.ts";

/**
 * A copy of the error of a cancellation with another `cause`, for packages that build on this library. The error itself
 * belongs to everything that was cancelled with it, and a copy tells what the cancellation did in one place. The copy has the
 * same operation. For a scope to take the copy as its own cancellation, the chain of causes must lead on to `error`.
 *
 * @example
 * ```ts
 * import { CancellationError } from "@hother/cancelable";
 * import { withCause } from "@hother/cancelable/extending";
 *
 * const error = new CancellationError("quota");
 * const copy = withCause(error, new Error("the server stopped the statement", { cause: error }));
 * console.assert(copy.reason === "quota" && (copy.cause as Error).cause === error);
 * ```
 */
export function withCause(error: CancellationError, cause: unknown): AnyCancellation {
  const copy = CancellationError.from(error.toJSON());
  const { context } = error;
  if (context !== undefined) Object.assign(copy, { context });
  if (!CancellationError.isFresh(error)) CancellationError.own(copy, CancellationError.ownerOf(error));
  return Object.defineProperty(copy, "cause", { value: cause, configurable: true, writable: true });
}
