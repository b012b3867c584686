import type { ObservedOperation } from "@hother/cancelable";

/** The `error.type` of an operation that has ended, and its error. Undefined if the end is no error. */
export interface OperationFailure {
  readonly type: string;
  readonly error: unknown;
  readonly message: string | undefined;
}

/**
 * Decides whether the end of an operation is an error. A cancellation that a caller asked for is none (semantic conventions of
 * OpenTelemetry, "Recording errors" and HTTP spans). No caller asks for a time limit to pass: the operation has not done its
 * work, and `timeout` is the value of the conventions for `error.type`. An operation that was cancelled because a limit above
 * has passed was cancelled by its caller.
 */
export function failureOf({ context }: ObservedOperation): OperationFailure | undefined {
  const { failure, status, cancelReason, cancelMessage, errorMessage } = context;
  if (status === "failed")
    return { type: typeOf(failure?.error), error: failure?.error, message: errorMessage };
  if (status === "cancelled" && cancelReason === "timeout")
    return { type: "timeout", error: undefined, message: cancelMessage };
  return undefined;
}

/** The class of an error. `_OTHER` is the value of the conventions for a class that is not known. */
function typeOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return "_OTHER";
    return error.name === "Error" ? error.constructor.name : error.name;
  } catch {
    return "_OTHER"; // a proxy that throws
  }
}
