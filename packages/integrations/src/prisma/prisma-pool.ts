import { CancelScope, report } from "@hother/cancelable";
import type { Pool, PoolClient, QueryConfig, QueryResult } from "pg";
import { TransactionAbortedError } from "../database/transaction-errors.ts";
import { bounded } from "../database/transaction-level.ts";
import { overriding } from "../pg/overriding.ts";
import type { RawClient } from "../pg/raw-client.ts";
import { PgConnection } from "../pg/transaction-connection.ts";
import { CarriedError, carrying } from "./carried-error.ts";

/** The longest time in ms for a rollback. After it the connection is destroyed, and the server undoes the transaction. */
const rollbackTimeout = 5_000;

/**
 * The pool for Prisma's adapter.
 *
 * @param pool A pool whose statements belong to the ambient scope.
 */
export function prismaPool(pool: Pool): Pool {
  return overriding(pool, {
    query: (config: QueryConfig) => carrying(() => pool.query(config)),
    connect: () => carrying(async () => prismaClient(await pool.connect())),
  });
}

/** The client of a transaction. Prisma ends a transaction with statements in the scope of the caller, which can be cancelled. */
function prismaClient(client: PoolClient): PoolClient {
  const connection = new PgConnection(client as unknown as RawClient); // with its wrapper
  return overriding(client, {
    query: (config: QueryConfig) => {
      const send = (): Promise<QueryResult> => client.query(config);
      if (/^\s*(?:rollback|release)\b/i.test(config.text)) return always(connection, config.text, send);
      if (/^\s*commit\b/i.test(config.text)) return carrying(() => commit(connection, send));
      return carrying(send);
    },
    release: (error?: Error | boolean) => {
      connection.close();
      const { state } = connection;
      if (!error && (state === "none" || state === "unknown")) client.release();
      else
        giveBack(connection, client, error).catch((failure: unknown) =>
          report(failure, "the rollback for Prisma"),
        );
    },
  });
}

/** Sends a statement that no scope cancels. */
async function always(
  connection: PgConnection,
  sql: string,
  send: () => Promise<QueryResult>,
): Promise<QueryResult> {
  let result: QueryResult | undefined;
  try {
    await bounded(connection, sql, rollbackTimeout, async () => {
      result = await new CancelScope({ parent: null }).run(send);
    });
  } catch (error) {
    // Prisma does not tell this error.
    report(error, "the rollback for Prisma");
    throw error;
  }
  return result as QueryResult; // set, because the scope without a parent is never cancelled
}

/** Commits. Where that fails, Prisma would give the connection back without a rollback. */
async function commit(connection: PgConnection, send: () => Promise<QueryResult>): Promise<QueryResult> {
  let result: QueryResult;
  try {
    result = await send();
  } catch (error) {
    await undo(connection);
    throw error;
  }
  if (result.command === "ROLLBACK")
    throw new TransactionAbortedError(
      "The transaction was not stored: a statement has failed or was cancelled, and its error was not thrown",
    );
  return result;
}

/** Rolls back if a transaction is open. */
async function undo(connection: PgConnection): Promise<void> {
  const { state } = connection;
  if (state === "none" || state === "broken") return;
  await bounded(connection, "ROLLBACK", rollbackTimeout, () => connection.sendAlways("ROLLBACK"));
}

async function giveBack(
  connection: PgConnection,
  client: PoolClient,
  error: Error | boolean | undefined,
): Promise<void> {
  // The connection is free after a cancellation.
  const isFree =
    !error ||
    error instanceof CarriedError ||
    (error as { readonly cause?: unknown }).cause instanceof CarriedError;
  try {
    await undo(connection);
  } finally {
    client.release(connection.state === "broken" ? true : isFree ? undefined : error);
  }
}
