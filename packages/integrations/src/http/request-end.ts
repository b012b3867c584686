import type { Cancellable, CancellationError, CancellationReason } from "@hother/cancelable";

/** A cancelled request that has not been answered. */
export interface CancelledRequest<Request> {
  readonly request: Request;
  readonly operation: Cancellable;
  /** The error of the cancellation, with its reason. */
  readonly error: CancellationError;
}

/** The end of a request, for a log. */
export interface RequestEnd<Request> {
  readonly request: Request;
  readonly operation: Cancellable;
  /** The method and the pattern of the route, such as `GET /users/:id`. Never the path itself. */
  readonly name: string;
  /** The status of the answer that was sent. 499 if the client left. */
  readonly status: number;
  /** `"whole"`, `"cut"` if the answer had begun and was broken off, or `"nothing"`. */
  readonly sent: "whole" | "cut" | "nothing";
  /** Why the request was cancelled. Undefined if it was not. */
  readonly reason: CancellationReason | undefined;
  /** The time from the arrival of the request to its end, in milliseconds. */
  readonly durationMs: number;
}
