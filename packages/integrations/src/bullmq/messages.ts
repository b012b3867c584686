import { CancellationError, type CancellationReason, report } from "@hother/cancelable";

/** A request to cancel a job. */
export interface CancelRequest {
  readonly id: string;
  readonly jobId: string;
  /** The channel for the answer. */
  readonly reply: string;
  readonly reason: CancellationReason;
  readonly message?: string | undefined;
}

/** How the body of a job has ended. `moved`: the job waits again, and has not ended. */
export type BodyEnd = "cancelled" | "completed" | "failed" | "moved";

/** The answer of a worker. */
export interface CancelReply {
  readonly id: string;
  readonly end: BodyEnd;
}

/** The message in a text that was sent by this module. Another text is reported. */
export function read<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T; // written by this module
  } catch (error) {
    report(error, "a message about the cancellation of a job");
    return undefined;
  }
}

/** The cancellation that was written down with a job. */
export function readCancellation(text: string | null): CancellationError | undefined {
  return text === null ? undefined : CancellationError.from(JSON.parse(text));
}
