import type { Backoff, BackoffFunction, Span } from "@hother/cancelable";
import type { Isolation } from "../database/transaction-options.ts";

/** The options of `withTransaction`. */
export interface TransactionOptions {
  /** The isolation level. Default: that of the server, which is `"read committed"` unless it was changed. */
  readonly isolation?: Isolation | undefined;
  /** Whether the server refuses statements that write. Default: false. */
  readonly readOnly?: boolean | undefined;
  /**
   * How often the transaction is begun in all, when it fails with a serialization failure (`40001`) or a deadlock (`40P01`).
   * The body runs again each time. Default: 3.
   */
  readonly attempts?: number | undefined;
  /** The delays between the attempts, as in `retry`. */
  readonly backoff?: Backoff | BackoffFunction | undefined;
  /** The longest time for the rollback, in ms or as a `Duration`. After it the connection is destroyed. Default: 5 seconds. */
  readonly rollbackTimeout?: Span | undefined;
}

/** The statement that begins a transaction with the options, which are checked. */
export function toBegin({ isolation, readOnly }: TransactionOptions = {}): string {
  const words = ["BEGIN"];
  if (isolation !== undefined) words.push("ISOLATION LEVEL", isolation.toUpperCase());
  if (readOnly !== undefined) words.push(readOnly ? "READ ONLY" : "READ WRITE");
  return words.join(" ");
}
