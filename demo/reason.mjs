// @ts-check
/*
 * Why something was cancelled, in a few words.
 *
 * An operation that is cancelled from above gets a `ParentCancellation`, whose `cause` is the error of
 * what is above; the first cause is the one that a person wants to hear of.
 */
import { CancellationError, SignalCancellation, TimeoutCancellation } from "@hother/cancelable";
import { deadlineMs } from "./files.mjs";

/**
 * The cancellation that all began with.
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
 * @param {number} ownMs The operation's own limit.
 * @returns {string}
 */
export function why(error, ownMs) {
  const first = firstCause(error);
  if (first instanceof SignalCancellation) return first.signal === "SIGINT" ? "Ctrl-C" : `${first.signal}`;
  if (first === error && first instanceof TimeoutCancellation) return `own limit of ${ownMs / 1_000} s`;
  if (first instanceof TimeoutCancellation) return `deadline of ${deadlineMs / 1_000} s`;
  return first.message;
}
