import type { Span } from "../duration.ts";
import type { OperationStatus } from "../operation/status.ts";
import type { OperationStore } from "./store.ts";

export interface RegistryOptions {
  /** The maximum number of ended operations in the history. Default: 1,000. */
  readonly history?: number | undefined;
  /** A store to which the registry writes its operations, so that other code can read them. Default: none. */
  readonly store?: OperationStore | undefined;
}

export interface WatchOptions {
  /**
   * The minimum time between two `progress` events of one operation, in milliseconds or as a `Duration`. The newest
   * progress is never lost. Default: 100 ms.
   */
  readonly throttle?: Span | undefined;
  /**
   * The maximum number of events that wait to be read. When there are more, the oldest ones are dropped, and the next
   * event has their number as `dropped`. Default: 10,000.
   */
  readonly buffer?: number | undefined;
}

export interface HistoryQuery {
  /** The maximum number of entries. The newest ones are returned. Default: no maximum. */
  readonly limit?: number | undefined;
  /** One status, or several of which one must match. Default: every status. */
  readonly status?: OperationStatus | readonly OperationStatus[] | undefined;
  /** The earliest end, as a `Date` or in milliseconds since the epoch. Default: no limit. */
  readonly since?: Date | number | undefined;
}
