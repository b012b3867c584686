import { report, retry, UsageError, waitFor } from "@hother/cancelable";
import { requireFunction } from "@hother/cancelable/extending";
import type { Client, Pool, PoolClient } from "pg";
import { toCancelTimeout } from "../database/cancel-timeout.ts";
import { runSavepoint, runTransaction } from "../database/run-transaction.ts";
import { bounded, levelOf, type TransactionLevel } from "../database/transaction-level.ts";
import { checkTransactionOptions, requireSavepointOptions } from "../database/transaction-options.ts";
import { type RawClient, requireClient, requirePool } from "./raw-client.ts";
import { PgConnection } from "./transaction-connection.ts";
import { type TransactionOptions, toBegin } from "./transaction-options.ts";
import { isWrappedClient, unwrapClient, wrapClient } from "./wrap-client.ts";
import { isWrappedPool, wrapPool } from "./wrap-pool.ts";

/**
 * Runs `body` in a transaction, with a client for it: `COMMIT` when the body has ended, `ROLLBACK` when it fails or its scope is
 * cancelled. When the promise settles, the transaction has ended on the server. Statements that the body has not awaited
 * belong to the transaction, too.
 *
 * - The rollback runs in a shield. After `rollbackTimeout` the connection is destroyed, and the server undoes the transaction.
 * - On the client of another transaction it is a savepoint: when the inner body fails, only its own statements are undone.
 * - A serialization failure and a deadlock are retried, also when `COMMIT` reports them, within the deadline of the scope.
 * - A cancellation during `COMMIT` stops it. The answer of the server counts: a transaction that was stored in spite of
 *   the cancellation gives the value of the body.
 *
 * @param on A pool, which lends a client, or a client. They need not be wrapped.
 * @throws TransactionAbortedError if the server did not store a transaction whose body has ended well, for example because
 * the body caught the error of a statement. CommitUnknownError if the connection broke during `COMMIT`. TypeError
 * and RangeError for wrong arguments.
 * @example
 * <!-- not run: needs a server -->
 * ```ts
 * import { withTransaction } from "@hother/cancelable-integrations/pg";
 * import pg from "pg";
 *
 * const pool = new pg.Pool();
 * await withTransaction(
 *   pool,
 *   async (client) => {
 *     await client.query("update accounts set balance = balance - 10 where id = $1", [1]);
 *     await client.query("update accounts set balance = balance + 10 where id = $1", [2]);
 *   },
 *   { isolation: "serializable" },
 * );
 * ```
 */
export async function withTransaction<T>(
  on: Pool | Client | PoolClient,
  body: (client: PoolClient) => T | PromiseLike<T>,
  options?: TransactionOptions,
): Promise<T> {
  const given: unknown = on;
  requireFunction(body, "body");
  const timeout = checkTransactionOptions(options);
  const begin = toBegin(options);
  const { attempts, backoff } = options ?? {};
  /** A client for the body refuses `release()`, whether it has one or not. */
  const run = body as (client: unknown) => T | PromiseLike<T>;
  let attempt: () => Promise<T>;
  if (isPool(given)) {
    requirePool(given);
    const pool = isWrappedPool(given)
      ? given
      : wrapPool(given, { cancelTimeout: toCancelTimeout(undefined) });
    attempt = async () => {
      const client: unknown = await pool.connect();
      return onPoolClient(client as RawClient, begin, run, timeout); // with its wrapper
    };
  } else {
    requireClient(given);
    const outer = outerOf(given);
    if (outer !== undefined) {
      requireSavepointOptions(options);
      return runSavepoint(outer, run, timeout);
    }
    attempt = () => onClient(given, begin, run, timeout);
  }
  return retry(attempt, { attempts, backoff, when: isSerializationFailure });
}

function isPool(value: unknown): value is Pool {
  return typeof (value as Partial<Pool> | null | undefined)?.totalCount === "number";
}

/** The transaction in which a transaction on `client` is a savepoint. */
function outerOf(client: RawClient): TransactionLevel<object> | undefined {
  const raw = unwrapClient(client);
  const level = levelOf(raw);
  // A client that was not made for a body can be used by several callers, of which one has the transaction.
  return level?.connection.key === raw && !level.isAroundCaller ? undefined : level;
}

async function onPoolClient<T>(
  client: RawClient,
  begin: string,
  body: (client: RawClient) => T | PromiseLike<T>,
  timeout: number,
): Promise<T> {
  const connection = new PgConnection(client);
  try {
    if (isInTransaction(connection)) {
      report(
        new Error(
          "a client of the pool was in a transaction that an earlier user had left open; it was rolled back",
        ),
        "withTransaction",
      );
      await bounded(connection, "ROLLBACK", timeout, () => connection.sendAlways("ROLLBACK"));
    }
    return await runTransaction(connection, begin, body, timeout);
  } catch (error) {
    connection.explain(error);
    throw error;
  } finally {
    connection.close();
    if (connection.state === "broken") unwrapClient(client).release?.(true);
    else client.release?.();
  }
}

async function onClient<T>(
  given: RawClient,
  begin: string,
  body: (client: RawClient) => T | PromiseLike<T>,
  timeout: number,
): Promise<T> {
  const client = isWrappedClient(given)
    ? given
    : wrapClient(given, { cancelTimeout: toCancelTimeout(undefined) });
  const raw = unwrapClient(client);
  for (let other = levelOf(raw); other !== undefined; other = levelOf(raw)) await waitFor(other.ended);
  const connection = new PgConnection(client);
  try {
    if (isInTransaction(connection))
      throw new UsageError(
        "ERR_BUSY",
        "The client",
        "it is in a transaction that was begun without withTransaction",
      );
    return await runTransaction(connection, begin, body, timeout);
  } catch (error) {
    connection.explain(error);
    throw error;
  } finally {
    connection.close();
  }
}

function isInTransaction({ state }: PgConnection): boolean {
  return state === "open" || state === "failed";
}

/** Whether the server could not run transactions side by side. An error can be wrapped by a query builder. */
function isSerializationFailure(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let link = error; typeof link === "object" && link !== null && !seen.has(link); ) {
    seen.add(link);
    const { code, cause } = link as { readonly code?: unknown; readonly cause?: unknown };
    if (code === "40001" || code === "40P01") return true;
    link = cause as typeof link;
  }
  return false;
}
