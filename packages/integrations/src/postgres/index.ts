import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { type CancelTimeoutOption, toCancelTimeout } from "../database/cancel-timeout.ts";
import { requireSql } from "./raw-sql.ts";
import { isWrapped, wrapSql } from "./wrap-sql.ts";

export { StatementNotSentError } from "../database/statement-not-sent.ts";

/** The part of the `sql` of postgres.js that is used here. */
export interface SqlLike {
  readonly options: object;
  reserve(): Promise<unknown>;
  unsafe(text: string): PromiseLike<unknown>;
}

/** The options of {@link cancellablePostgres}. */
export interface CancellablePostgresOptions extends CancelTimeoutOption {}

const known: KnownOptions<CancellablePostgresOptions> = { cancelTimeout: 1 };

/**
 * Returns an `sql` with the same API, whose statements belong to the scope in which they are first awaited. `sql` itself stays
 * as it is, and both share one pool.
 *
 * - In a cancelled scope no connection is taken and nothing is sent.
 * - A statement that waits for a connection rejects at once when its scope is cancelled. It is never sent, and the pool keeps
 *   its connections.
 * - A statement that runs is stopped on the server. The promise rejects when the statement and the request that stopped it
 *   have ended, so that no late request hits another statement.
 * - `begin` rolls back before its promise settles, `savepoint` rolls back to the savepoint.
 *
 * The error is the cancellation of the scope. Its `cause` is the `PostgresError` with code `57014` if the statement ran, and a
 * {@link StatementNotSentError} if it was waiting. The answer of the server counts: a statement that ended well in spite
 * of the cancellation gives its rows, and every other error stays itself.
 *
 * @throws TypeError for a wrong argument.
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { cancellablePostgres } from "@hother/cancelable-integrations/postgres";
 * import postgres from "postgres";
 *
 * const sql = cancellablePostgres(postgres({ host: "127.0.0.1", port: 1, connect_timeout: 60 }));
 * // The server cannot be reached, and the wait for a connection ends all the same.
 * const rows = await moveOnAfter(1, () => sql`select * from pg_sleep(10)`);
 * console.assert(rows === undefined);
 * await sql.end({ timeout: 0 });
 * ```
 */
export function cancellablePostgres<S extends SqlLike>(sql: S, options?: CancellablePostgresOptions): S {
  const raw: unknown = sql;
  requireSql(raw);
  if (isWrapped(raw)) throw invalidType("sql", "an `sql` that is not wrapped yet", sql);
  requireKnownOptions(options, known, "cancellablePostgres");
  return wrapSql(raw, toCancelTimeout(options)) as unknown as S; // the same API
}
