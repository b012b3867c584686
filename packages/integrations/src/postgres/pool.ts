import { currentScope, waitFor } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { Lease, LeaseKind } from "./lease.ts";
import { connectionError, type RawSql } from "./raw-sql.ts";
import { takeConnection } from "./take-connection.ts";

/** The pool inside of postgres.js, with the calls that wait for one of its connections. */
export class Pool {
  readonly sql: RawSql;
  /** In ms. */
  readonly cancelTimeout: number;
  readonly #waiting = new Set<(error: Error) => void>();
  #isEnding = false;

  constructor(sql: RawSql, cancelTimeout: number) {
    this.sql = sql;
    this.cancelTimeout = cancelTimeout;
  }

  /**
   * Takes a connection, in the ambient scope. A cancellation ends the wait at once, and a connection that arrives after
   * that goes back unused.
   */
  async take(kind: LeaseKind): Promise<Lease> {
    currentScope().check();
    if (this.#isEnding) throw ended();
    const taking = takeConnection(this.sql, kind);
    let reject!: (error: Error) => void;
    const ending = new Promise<never>((_resolve, fail) => {
      reject = fail;
    });
    this.#waiting.add(reject);
    try {
      return await waitFor(Promise.race([taking, ending]));
    } catch (error) {
      taking.then(
        (lease) => lease.release(),
        () => {}, // no call waits for the connection any more
      );
      const { error: reason } = currentScope();
      if (reason === undefined || error !== reason) throw error;
      throw cancelledStatement(
        reason,
        new StatementNotSentError("the call waited for a connection of the pool, and sent nothing"),
      );
    } finally {
      this.#waiting.delete(reject);
    }
  }

  async end(ending: () => Promise<void>): Promise<void> {
    this.#isEnding = true;
    await ending();
    // postgres.js would let these wait for ever.
    for (const reject of this.#waiting) reject(ended());
  }
}

function ended(): Error {
  return connectionError("CONNECTION_ENDED", "the pool of postgres.js has ended");
}
