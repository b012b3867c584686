import { causeOf, nameOf } from "../absorb.ts";
import { cancellationOf } from "../cancellation-of.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Whether an attempt follows after this failure, if the caller has no rule of its own. After a timeout inside the attempt,
 * one follows. After an error of usage, none follows. After a cancellation or an `AbortError`, none follows either, because
 * the work was stopped on purpose.
 */
export function isRetryable(error: unknown): boolean {
  const cancellation = cancellationOf(error);
  if (cancellation !== undefined) return cancellation.reason === "timeout";
  let isAborted = false;
  const seen = new Set<unknown>();
  for (let link = error; typeof link === "object" && link !== null && !seen.has(link); link = causeOf(link)) {
    if (isUsageError(link)) return false;
    const name = nameOf(link);
    // APIs of the host throw an AbortError whose cause is the reason of the signal: a TimeoutError.
    if (name === "TimeoutError") return true;
    if (name === "AbortError") isAborted = true;
    seen.add(link);
  }
  return !isAborted;
}

/** The `try` is for errors that throw when code reads them, such as revoked proxies. */
function isUsageError(error: object): boolean {
  try {
    return error instanceof UsageError;
  } catch {
    return false;
  }
}
