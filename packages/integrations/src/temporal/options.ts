import type { OperationObserver, Span } from "@hother/cancelable";
import { type KnownOptions, requireKnownOptions, toInterval } from "@hother/cancelable/extending";
import type { Info } from "@temporalio/activity";

/** The options of an activity. */
export interface CancellableActivityOptions {
  /**
   * The time that an attempt may take. Then the operation is cancelled with the reason `timeout`. It counts from the call of the
   * activity. Default: the start-to-close timeout of the activity. A shorter one leaves time for the clean-up, before the server
   * gives the activity up. The start-to-close timeout applies in any case.
   */
  readonly timeout?: Span | undefined;
  /** Further metadata of the operation. Default: none. */
  readonly metadata?: Record<string, unknown> | undefined;
  /** Whether a registry contains the operations: `true` for that of the process, or a registry. Default: false. */
  readonly register?: boolean | OperationObserver | undefined;
}

const known: KnownOptions<CancellableActivityOptions> = { timeout: 1, metadata: 1, register: 1 };

export function requireActivityOptions(options: CancellableActivityOptions | undefined): void {
  requireKnownOptions(options, known, "cancellableActivity");
  toTimeout(options);
}

function toTimeout(options: CancellableActivityOptions | undefined): number {
  const { timeout } = options ?? {};
  return timeout === undefined ? Number.POSITIVE_INFINITY : toInterval(timeout, "options.timeout");
}

/** The time that an attempt may take, in ms. The server gives 0 for no start-to-close timeout. */
export function timeoutOf(info: Info, options: CancellableActivityOptions | undefined): number {
  return Math.min(toTimeout(options), info.startToCloseTimeoutMs || Number.POSITIVE_INFINITY);
}
