import {
  type Cancellable,
  type CancellationError,
  type CancellationReason,
  isCancellation,
} from "@hother/cancelable";
import { ApplicationFailure, CancelledFailure, CompleteAsyncError, type Context } from "@temporalio/activity";

/** The reasons of Temporal, which are the messages of its failures, as words for a cancellation. */
const reasons: Readonly<Record<string, CancellationReason>> = {
  CANCELLED: "manual",
  WORKER_SHUTDOWN: "shutdown",
  TIMED_OUT: "timeout",
  NOT_FOUND: "not-found",
  PAUSED: "paused",
  RESET: "reset",
  HEARTBEAT_DETAILS_CONVERSION_FAILED: "error",
};

/** Cancels the operation with its activity. The message is the text of Temporal's reason. @returns A function that ends this. */
export function followServer({ cancellationSignal: signal }: Context, operation: Cancellable): () => void {
  const cancel = (): void => {
    const cause: unknown = signal.reason;
    const text = cause instanceof Error ? cause.message : undefined;
    operation.cancel(reasons[text ?? ""] ?? "manual", text, { cause });
  };
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  return () => signal.removeEventListener("abort", cancel);
}

/** The failure of Temporal with which the server has cancelled the operation, if it has. */
function serverFailure(operation: Cancellable): CancelledFailure | undefined {
  const cause = operation.error?.cause;
  return cause instanceof CancelledFailure ? cause : undefined;
}

/** Whether an error is nothing but the cancellation of this activity, in the words of the operation or of Temporal. */
export function isOwnCancellation(error: unknown, operation: Cancellable): boolean {
  if (isCancellation(error, operation)) return true;
  return serverFailure(operation) !== undefined && error instanceof CancelledFailure;
}

/** The failure that tells Temporal of an activity that was cancelled. */
export function failureOf(error: CancellationError, operation: Cancellable): Error {
  const failure = serverFailure(operation);
  // From this failure Temporal knows how the activity ends: cancelled, paused or reset.
  if (failure !== undefined && error.reason !== "shutdown") return failure;
  // The server has not asked for the end of the activity: another worker, or a further attempt, shall do it.
  const isRetried = error.reason === "shutdown" || error.reason === "timeout";
  return ApplicationFailure.create({
    message: error.message,
    type: error.reason === "shutdown" ? "WorkerShutdown" : error.name,
    nonRetryable: !isRetried,
    cause: error,
  });
}

/** The error of an activity that has failed after its cancellation. The server has asked for its end: it is not retried. */
export function afterCancellation(error: unknown, operation: Cancellable): unknown {
  if (error instanceof CompleteAsyncError || serverFailure(operation)?.message !== "CANCELLED") return error;
  if (!(error instanceof Error)) return ApplicationFailure.nonRetryable(String(error));
  const { message } = error;
  if (!(error instanceof ApplicationFailure))
    return ApplicationFailure.create({ message, type: error.name, nonRetryable: true, cause: error });
  const { type, details } = error;
  return ApplicationFailure.create({
    message,
    nonRetryable: true,
    cause: error,
    ...(type != null && { type }),
    ...(details != null && { details }),
  });
}
