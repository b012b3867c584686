import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { is } from "drizzle-orm";
import { type NodePgClient, NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Client, Pool } from "pg";
import { levelOf } from "../database/transaction-level.ts";
import { type CancellablePgOptions, cancellableClient, cancellablePool } from "../pg/index.ts";
import { isWrappedClient } from "../pg/wrap-client.ts";
import { isWrappedPool } from "../pg/wrap-pool.ts";
import { bindSession, type SessionFields } from "./session.ts";

export { CommitUnknownError, StatementNotSentError, TransactionAbortedError } from "../pg/index.ts";

/** The options of {@link cancellableDrizzle}. */
export interface CancellableDrizzleOptions extends CancellablePgOptions {}

const known: KnownOptions<CancellableDrizzleOptions> = { cancelTimeout: 1, serverDeadline: 1 };
const bound = new WeakSet<object>();

/**
 * Binds the queries of a database of `drizzle-orm/node-postgres` to the scope in which they are awaited. Changes the database,
 * and returns it. Its client or pool is wrapped as by `cancellablePool`; the one that was passed to `drizzle()` stays as it is.
 *
 * - A query that its scope cancels is stopped on the server, and rejects with the cancellation, not with a `DrizzleQueryError`
 *   around it. All other errors stay as they are.
 * - A transaction whose scope is cancelled is rolled back before its promise settles. Transactions inside are savepoints.
 * - In a cancelled scope nothing is sent.
 *
 * @param options `cancelTimeout`: as in `cancellablePool`.
 * @throws TypeError if `db` is no database of `drizzle-orm/node-postgres`, or was passed before; or for an unknown option.
 * RangeError for a `cancelTimeout` that is not positive.
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { cancellableDrizzle } from "@hother/cancelable-integrations/drizzle";
 * import { drizzle } from "drizzle-orm/node-postgres";
 *
 * const db = cancellableDrizzle(drizzle("postgres://127.0.0.1:9/shop"));
 * const op = new Cancellable();
 * op.cancel();
 * const outcome = await op.settle(() => db.execute("select 1")); // sends nothing
 * console.assert(outcome.status === "cancelled");
 * ```
 */
export function cancellableDrizzle<T extends NodePgDatabase<Record<string, unknown>>>(
  db: T,
  options?: CancellableDrizzleOptions,
): T {
  if (!is(db, NodePgDatabase)) throw invalidType("db", "a database of drizzle-orm/node-postgres", db);
  if (bound.has(db)) throw invalidType("db", "a database that cancellableDrizzle has not got before", db);
  requireKnownOptions(options, known, "cancellableDrizzle");
  const session = db._.session as unknown as SessionFields; // its fields
  const client = bindClient(session.client, options);
  bindSession(session, client);
  bound.add(db);
  return Object.assign(db, { $client: client });
}

/** The client or pool with statements that belong to the ambient scope. It can be wrapped already. */
function bindClient(client: NodePgClient, options: CancellableDrizzleOptions | undefined): NodePgClient {
  if (typeof (client as Partial<Pool>).totalCount === "number") {
    const pool = client as Pool; // only a pool counts its clients
    return isWrappedPool(pool) ? pool : cancellablePool(pool, options);
  }
  // The client of a transaction of `withTransaction` has a wrapper of its own.
  if (isWrappedClient(client) || levelOf(client) !== undefined) return client;
  return cancellableClient(client as Client, options);
}
