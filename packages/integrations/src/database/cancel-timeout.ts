import type { Span } from "@hother/cancelable";
import { toInterval } from "@hother/cancelable/extending";

/** How long the integrations of databases wait for the end of a statement that was cancelled. */
export interface CancelTimeoutOption {
  /**
   * The longest time from the cancellation of a statement to the end of this statement and of the request that stops it.
   * A connection that has not ended both by then is destroyed. Default: 5 seconds.
   */
  readonly cancelTimeout?: Span;
}

/** The option in ms. */
export function toCancelTimeout(options: CancelTimeoutOption | undefined): number {
  const span = options?.cancelTimeout;
  return span === undefined ? 5_000 : toInterval(span, "options.cancelTimeout");
}
