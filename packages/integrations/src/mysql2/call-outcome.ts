import type { Callback } from "./library.ts";

/** How a call gets its result. */
export interface GuardOptions {
  /**
   * The callback of the user, or undefined for events, of a call with two commands. `GuardedCommand.answer` must be given
   * to mysql2 in its place. Default: that of the one command of the call.
   */
  readonly callback?: { readonly given: Callback | undefined };
  /** Whether the server gets the ambient deadline as the limit of the call. Default: false. */
  readonly isLimited?: boolean;
}

/** The result or the error of a call. */
export type Outcome = { readonly values: readonly unknown[] } | { readonly error: unknown };

/** The rows of a query that was stopped were not given to its reader, also if the query had ended. */
export class RowsDroppedError extends Error {
  override readonly name = "RowsDroppedError";
}
