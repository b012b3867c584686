import { CancelScope, currentScope, moveOnAfter, report, shield, waitFor } from "@hother/cancelable";
import type { Lease } from "./lease.ts";
import { Line } from "./line.ts";
import { makeSql } from "./make-sql.ts";
import type { Pool } from "./pool.ts";
import { type BasicSql, connectionError } from "./raw-sql.ts";
import { runQuery } from "./run-query.ts";

/** The function that is called with the `sql` of a transaction. */
export type Body = (sql: BasicSql) => unknown;

/**
 * `sql.begin()` of postgres.js, whose statements belong to their scopes. In a cancelled scope the transaction is rolled
 * back, and the promise settles when this is done.
 */
export async function begin(pool: Pool, options: string, body: Body): Promise<unknown> {
  const lease = await pool.take("transaction");
  const transaction = new Transaction(pool, lease);
  try {
    return await transaction.run(`begin ${options.replace(/[^a-z ]/gi, "")}`, body);
  } finally {
    transaction.close();
    lease.release();
  }
}

class Transaction {
  readonly #pool: Pool;
  readonly #lease: Lease;
  readonly #line: Line;
  /** Set when the connection has closed. */
  #loss: { readonly error: unknown } | undefined;
  #savepoints = 0;
  #prepare: string | undefined;

  constructor(pool: Pool, lease: Lease) {
    this.#pool = pool;
    this.#lease = lease;
    this.#line = new Line(lease);
  }

  close(): void {
    this.#line.close(connectionError("TRANSACTION_ENDED", "the transaction of this `sql` has ended"));
  }

  async run(command: string, body: Body): Promise<unknown> {
    const scope = new CancelScope();
    const level = this.#level();
    await level.sql.unsafe(command);
    try {
      this.#lease.onLost((error) => {
        this.#loss = { error };
        this.#line.close(error);
        scope.cancel("disconnect", "the connection of the transaction has closed");
      });
      currentScope().check();
      const value = await scope.run(() => settle(body, level.sql));
      this.#check(level);
      await level.sql.unsafe(
        this.#prepare === undefined ? "commit" : `prepare transaction '${this.#prepare}'`,
      );
      return value;
    } catch (error) {
      await this.#rollback("rollback", level);
      throw this.#errorOf(error, level);
    }
  }

  async #savepoint(outer: Level, name: string, body: Body): Promise<unknown> {
    const level = this.#level();
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await outer.sql.unsafe(`savepoint ${quoted}`); // its failure is one of the outer level
    try {
      const value = await new CancelScope().run(() => settle(body, level.sql));
      this.#check(level);
      return value;
    } catch (error) {
      await this.#rollback(`rollback to ${quoted}`, level);
      throw this.#errorOf(error, level);
    }
  }

  /** The `sql` of the transaction or of a savepoint in it. */
  #level(): Level {
    const level: Level = {
      failure: undefined,
      sql: makeSql(this.#pool.sql, (query) => {
        void runQuery(query, this.#line, this.#pool).then((error) => {
          if (error !== undefined) level.failure ??= { error };
        });
      }),
    };
    Object.assign(level.sql, {
      savepoint: (name: unknown, body?: unknown) => this.#openSavepoint(level, name, body),
      prepare: (name: string) => {
        this.#prepare = name.replace(/[^a-z0-9$-_. ]/gi, "");
        return this.#prepare;
      },
    });
    return level;
  }

  #openSavepoint(outer: Level, first: unknown, second: unknown): Promise<unknown> {
    const [name, body] = typeof first === "function" ? [undefined, first] : [first as string, second];
    const suffix = name === undefined || name === null ? "" : `_${name}`;
    return this.#savepoint(outer, `s${this.#savepoints++}${suffix}`, body as Body);
  }

  /** A failed statement makes PostgreSQL refuse the others, and a `COMMIT` would roll back without an error. */
  #check(level: Level): void {
    if (this.#loss !== undefined) throw this.#loss.error;
    if (level.failure !== undefined) throw level.failure.error;
    currentScope().check();
  }

  #errorOf(error: unknown, { failure }: Level): unknown {
    if (this.#loss !== undefined) return this.#loss.error;
    const { code } = (error ?? {}) as { readonly code?: unknown };
    return code === "25P02" && failure !== undefined ? failure.error : error;
  }

  /** Rolls back although the scope is cancelled. A connection that does not answer is closed, which rolls back, too. */
  async #rollback(command: string, level: Level): Promise<void> {
    const { cancelTimeout } = this.#pool;
    await shield(async () => {
      const rolling = level.sql.unsafe(command);
      void rolling.execute();
      try {
        const isDone = await moveOnAfter(cancelTimeout, () => waitFor(rolling).then(() => true));
        if (isDone === true) return;
        throw new Error(
          `${command} has not ended within ${cancelTimeout} ms, and its connection was destroyed`,
        );
      } catch (error) {
        if (this.#loss !== undefined || this.#lease.isGone) return;
        this.#lease.destroy();
        report(error, "the rollback of a transaction of postgres.js");
      }
    });
  }
}

interface Level {
  readonly sql: BasicSql;
  /** The first error of a statement that was sent. */
  failure: { readonly error: unknown } | undefined;
}

/** Calls `body`. As in postgres.js, it may return an array of queries. */
async function settle(body: Body, sql: BasicSql): Promise<unknown> {
  const value = body(sql);
  return Array.isArray(value) ? Promise.all(value) : value;
}
