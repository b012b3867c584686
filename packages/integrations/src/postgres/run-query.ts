import { bind, CancelScope, cancellationOf } from "@hother/cancelable";
import { runStatement } from "../database/run-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { Lease } from "./lease.ts";
import type { Pool } from "./pool.ts";
import { cancelledByUser, type RawQuery } from "./raw-sql.ts";
import { RunningQuery } from "./running-query.ts";

/** Where a query gets its connection from. */
export interface Place {
  /** Waits for the connection, in the ambient scope. */
  enter(): Promise<Lease>;
  /** @param ready Settles when the connection is ready for the next statement. */
  leave(lease: Lease, ready: Promise<void>): void;
  /** Looks at the result while the connection is still that of the query. */
  check?(value: unknown, lease: Lease): void;
}

/**
 * Runs a query in the ambient scope and settles its promise.
 *
 * @returns the error of a query that was sent, if it failed.
 */
export async function runQuery(query: RawQuery, place: Place, pool: Pool): Promise<unknown> {
  const { resolve, reject } = query;
  const { forEachFn } = query;
  if (forEachFn !== undefined) query.forEachFn = bind(forEachFn);
  const scope = new CancelScope();
  query.canceller = () => {
    scope.cancel("manual", "query.cancel() was called");
  };
  let outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
  await scope.run(async () => {
    try {
      outcome = { value: await runIn(query, place, pool, resolve) };
    } catch (error) {
      outcome = { error };
    }
  });
  query.canceller = null;
  const ended = outcome as typeof outcome; // set in the function above
  if (ended === undefined) return undefined;
  if ("value" in ended) {
    resolve(ended.value);
    return undefined;
  }
  const { error } = ended;
  const isOwn = scope.cancelCalled && cancellationOf(error) !== undefined;
  reject(isOwn ? ofQueryCancel(error, pool) : error);
  return (error as { readonly cause?: unknown } | undefined)?.cause instanceof StatementNotSentError
    ? undefined
    : error;
}

async function runIn(
  query: RawQuery,
  place: Place,
  { sql, cancelTimeout }: Pool,
  streaming: (stream: unknown) => void,
): Promise<unknown> {
  const lease = await place.enter();
  const running = new RunningQuery(query, lease, sql, streaming);
  try {
    const value = await runStatement(running, cancelTimeout);
    place.check?.(value, lease);
    return value;
  } finally {
    place.leave(lease, running.ready);
    await running.reads?.finish(running.reason);
  }
}

/** The error of `query.cancel()`, which is that of postgres.js. */
function ofQueryCancel(error: unknown, { sql }: Pool): unknown {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof sql.PostgresError ? cause : cancelledByUser();
}
