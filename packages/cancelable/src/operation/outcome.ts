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
