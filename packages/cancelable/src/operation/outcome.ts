import type { CancellationError } from "../errors.ts";

/** The end of an operation: the result of `Cancellable.settle`. */
export type Outcome<T> =
  | { readonly status: "completed"; readonly value: T }
  | {
      readonly status: "cancelled";
      readonly error: CancellationError;
      /** The body did not end within `grace`, and may still run. */
      readonly abandoned?: true;
    }
  | { readonly status: "failed"; readonly error: unknown };

/**
 * The value of a completed operation. Throws the error of a failed operation, and the cancellation of a cancelled one.
 *
 * @example
 * ```ts
 * import { Cancellable, unwrap } from "@hother/cancelable";
 *
 * const outcome = await new Cancellable().settle(() => 42);
 * console.assert(unwrap(outcome) === 42);
 * ```
 */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.status === "completed") return outcome.value;
  throw outcome.error;
}
