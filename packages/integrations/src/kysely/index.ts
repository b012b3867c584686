import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { type CancelTimeoutOption, toCancelTimeout } from "../database/cancel-timeout.ts";
import { type DriverLike, wrapDriver } from "./driver.ts";

export { StatementNotSentError } from "../database/statement-not-sent.ts";

/** The part of a dialect of Kysely that is used here. */
export interface DialectLike {
  createDriver(): object;
  createQueryCompiler(): object;
  createAdapter(): object;
  createIntrospector(db: never): object;
}

/** The options of {@link cancellableDialect}. */
export interface CancellableDialectOptions extends CancelTimeoutOption {}

const known: KnownOptions<CancellableDialectOptions> = { cancelTimeout: 1 };

/**
 * Returns a dialect whose connections and transactions belong to the scope in which they are used. For every dialect of
 * Kysely 0.28 and 0.29.
 *
 * - In a cancelled scope no connection is taken. The wait for one ends at once, and a connection that arrives later goes back.
 * - A transaction whose scope is cancelled is rolled back before its promise settles, also one that is rolled back to a savepoint.
 *
 * The statements themselves are stopped by the pool of the dialect: give it a pool of `cancellablePool` or
 * `cancellableMysql2`.
 *
 * @param options `cancelTimeout`: the longest time for a rollback.
 * @throws TypeError for a wrong argument.
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { cancellableDialect } from "@hother/cancelable-integrations/kysely";
 * import { cancellablePool } from "@hother/cancelable-integrations/pg";
 * import { Kysely, PostgresDialect, sql } from "kysely";
 * import pg from "pg";
 *
 * const pool = cancellablePool(new pg.Pool({ host: "127.0.0.1", port: 9 }));
 * const db = new Kysely<object>({ dialect: cancellableDialect(new PostgresDialect({ pool })) });
 * const rows = await moveOnAfter(0, () => sql`select 1`.execute(db)); // sends nothing
 * console.assert(rows === undefined);
 * await db.destroy();
 * ```
 */
export function cancellableDialect<D extends DialectLike>(
  dialect: D,
  options?: CancellableDialectOptions,
): D {
  const parts = ["createDriver", "createQueryCompiler", "createAdapter", "createIntrospector"] as const;
  if (!parts.every((part) => typeof (dialect as Partial<D> | undefined)?.[part] === "function"))
    throw invalidType("dialect", "a dialect of Kysely, such as a PostgresDialect", dialect);
  requireKnownOptions(options, known, "cancellableDialect");
  const cancelTimeout = toCancelTimeout(options);
  const wrapped: DialectLike = {
    createDriver: () => wrapDriver(dialect.createDriver() as DriverLike, cancelTimeout),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
  return wrapped as D; // Kysely uses these four methods
}
