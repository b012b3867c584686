import { CancellationError, QueueClosedError, UsageError, type UsageErrorCode } from "../../src/index.ts";

/** An error of a program's own, or one that trio has under another name. */
export class NamedError extends Error {}

/** trio's names for wrong calls that it tells apart; every other one is a `RuntimeError`: "Usage". */
const usageErrors: { readonly [Code in UsageErrorCode]?: string } = {
  ERR_WOULD_BLOCK: "WouldBlock",
  ERR_CLOSED: "Closed",
  ERR_BROKEN: "Broken",
};

/** Timeouts that left their scope in a program with `keep`: an error like any other from there on. */
const timeouts = new WeakSet<CancellationError>();

/**
 * The error that a scope with a limit fails with. In trio it is a `TooSlowError`, which no scope absorbs.
 *
 * @param keep Whether the error stays the library's own.
 */
export function tooSlow(error: CancellationError, keep: boolean): Error {
  if (!keep) return new NamedError("TooSlow");
  timeouts.add(error);
  return error;
}

/** The name of an error in a trace: "C" for a cancellation. */
export function nameOf(error: unknown): string {
  return failureName(error) ?? "C";
}

/** As in trio, a group of errors is without the cancellations in it, and the order of errors in it is not compared. */
function failureName(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const names = error.errors.map(failureName).filter((name) => name !== undefined);
    return names.length === 0 ? undefined : `G[${names.sort().join(",")}]`;
  }
  if (error instanceof NamedError) return error.message;
  if (error instanceof UsageError) return usageErrors[error.code] ?? "Usage";
  if (error instanceof CancellationError) return timeouts.has(error) ? "TooSlow" : undefined;
  return String(error instanceof Error ? (error.stack ?? error) : error);
}

/** A queue says which of its ends was closed. trio says whether the caller's own end was closed, or the other one. */
export function queueError(error: unknown, own: QueueClosedError["by"]): unknown {
  if (!(error instanceof QueueClosedError)) return error;
  if (error.by === own) return new NamedError("Closed");
  return new NamedError(own === "sender" ? "Broken" : "End");
}
