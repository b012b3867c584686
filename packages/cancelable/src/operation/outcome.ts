import type { CancellationError } from "../errors.ts";

/** How an operation ended: the result of `Cancellable.settle`. */
export type Outcome<T> =
  | { readonly status: "completed"; readonly value: T }
  | {
      readonly status: "cancelled";
      readonly error: CancellationError;
      /** The body did not end within `grace`, and still runs. */
      readonly abandoned?: true;
    }
  | { readonly status: "failed"; readonly error: unknown };
