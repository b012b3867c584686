import type { Span } from "../duration.ts";
import type { OperationStatus } from "../operation/status.ts";
import type { OperationStore } from "./store.ts";

export interface RegistryOptions {
  /** How many operations that have ended are remembered. Default: 1,000. */
  readonly history?: number;
  /** Is told of everything that this registry knows, to be seen from elsewhere. Default: none. */
  readonly store?: OperationStore;
}

export interface WatchOptions {
  /** An operation's progress is told at most once in this time; its newest is never lost. Default: 100 ms. */
  readonly throttle?: Span;
}

export interface HistoryQuery {
  /** The newest so many. Default: all. */
  readonly limit?: number;
  readonly status?: OperationStatus | readonly OperationStatus[];
  /** Those that ended at this moment or later: a `Date` or epoch milliseconds. */
  readonly since?: Date | number;
}
