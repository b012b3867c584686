// @ts-check
/*
 * Describes in a few words why an operation was cancelled.
 *
 * An operation that is cancelled through its parent gets a `ParentCancellation`, whose `cause` is the error of the parent.
 * The description is of the first cause in this chain.
 */
import { CancellationError, SignalCancellation, TimeoutCancellation } from "@hother/cancelable";
import { deadlineMs } from "./files.mjs";

/**
 * The first cancellation in the chain of causes.
 *
 * @param {CancellationError} error
 * @returns {CancellationError}
 */
export function firstCause(error) {
  let first = error;
  while (first.reason === "parent" && first.cause instanceof CancellationError) first = first.cause;
  return first;
}

/**
 * @param {CancellationError} error
 * @param {number} ownMs the limit of the operation itself
 * @returns {string}
 */
export function why(error, ownMs) {
  const first = firstCause(error);
  if (first instanceof SignalCancellation) return first.signal === "SIGINT" ? "Ctrl-C" : `${first.signal}`;
  if (first === error && first instanceof TimeoutCancellation) return `own limit of ${ownMs / 1_000} s`;
  if (first instanceof TimeoutCancellation) return `deadline of ${deadlineMs / 1_000} s`;
  return first.message;
}
