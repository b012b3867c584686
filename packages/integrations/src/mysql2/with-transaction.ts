import {
  type Backoff,
  type BackoffFunction,
  report,
  retry,
  type Span,
  UsageError,
  waitFor,
} from "@hother/cancelable";
import { requireFunction } from "@hother/cancelable/extending";
import type { Connection } from "mysql2/promise";
import { toCancelTimeout } from "../database/cancel-timeout.ts";
import { runSavepoint, runTransaction } from "../database/run-transaction.ts";
import { bounded, levelOf, type TransactionLevel } from "../database/transaction-level.ts";
import {
  checkTransactionOptions,
  type Isolation,
  requireSavepointOptions,
} from "../database/transaction-options.ts";
import { rawOf, viewFor } from "./clients.ts";
import { coreOf, isPool, type Mysql2Client } from "./core-of.ts";
import { isTransient } from "./error-codes.ts";
import type { RawConnection, RawPool } from "./library.ts";
import { Mysql2Connection } from "./transaction-connection.ts";

/** The options of {@link withTransaction}. */
export interface TransactionOptions {
  /** The isolation level. Default: that of the session, which is `"repeatable read"` unless it was changed. */
  readonly isolation?: Isolation | undefined;
  /** Whether the server refuses statements that write. Default: false. */
  readonly readOnly?: boolean | undefined;
  /**
   * How often the transaction is begun in all, when it fails with a deadlock (1213), a lock wait that took too long (1205) or
   * a conflict with another transaction (1020). The body runs again each time. Default: 3.
   */
  readonly attempts?: number | undefined;
  /** The delays between the attempts, as in `retry`. */
  readonly backoff?: Backoff | BackoffFunction | undefined;
  /**
   * The longest time for the rollback, and for `COMMIT` after a cancellation, in ms or as a `Duration`. After it the
   * connection is destroyed. Default: 5 seconds.
   */
  readonly rollbackTimeout?: Span | undefined;
}

/**
 * Runs `body` in a transaction, with a connection for it: `COMMIT` when the body has ended, `ROLLBACK` when it fails or its
 * scope is cancelled. When the promise settles, the transaction has ended on the server.
 *
 * - The rollback runs in a shield. After `rollbackTimeout` the connection is destroyed, and the server undoes the transaction.
 * - On the connection of another transaction it is a savepoint: when the inner body fails, only its own statements are undone.
 * - A deadlock and a lock wait that took too long are retried, within the deadline of the scope.
 * - A cancellation does not stop `COMMIT`: a transaction that was stored gives the value of the body.
 *
 * @param on A pool, which lends a connection, or a connection, of `mysql2` or `mysql2/promise`. They need not be wrapped.
 * @param body Gets a connection with promises.
 * @throws TransactionAbortedError if the server did not store a transaction whose body has ended well, for example because
 * the body caught the error of a deadlock. CommitUnknownError if the connection broke during `COMMIT`. TypeError
 * and RangeError for wrong arguments.
 */
export async function withTransaction<T>(
  on: Mysql2Client,
  body: (connection: Connection) => T | PromiseLike<T>,
  options?: TransactionOptions,
): Promise<T> {
  requireFunction(body, "body");
  const timeout = checkTransactionOptions(options);
  const begin = toBegin(options);
  const { attempts, backoff } = options ?? {};
  const outer = outerOf(on);
  if (outer !== undefined) {
    requireSavepointOptions(options);
    return runSavepoint(outer, body, timeout);
  }
  const { raw } = coreOf(on);
  const view = viewFor<RawPool | RawConnection>(raw, toCancelTimeout(undefined));
  const attempt = async (): Promise<T> => {
    if (!isPool(view)) return onConnection(view, begin, body, timeout);
    const lent = await new Promise<RawConnection>((resolve, reject) => {
      view.getConnection((error, connection) => (connection ? resolve(connection) : reject(error)));
    });
    try {
      return await inTransaction(lent, begin, body, timeout, undoForgotten);
    } finally {
      lent.release?.();
    }
  };
  return retry(attempt, { attempts, backoff, when: isTransient });
}

/** The transaction in which a transaction on `on` is a savepoint. */
function outerOf(on: Mysql2Client): TransactionLevel<Connection> | undefined {
  // The client of a body, or a connection on which the caller has begun the transaction.
  const own = levelOf(on) as TransactionLevel<Connection> | undefined; // of this library, as its client
  if (own !== undefined) return own;
  const { raw } = coreOf(on);
  const level = levelOf(rawOf(raw)) as TransactionLevel<Connection> | undefined; // as above
  return level?.isAroundCaller ? level : undefined;
}

/** On a connection of the user, which can be that of another transaction at the moment. */
async function onConnection<T>(
  view: RawConnection,
  begin: string,
  body: (connection: Connection) => T | PromiseLike<T>,
  timeout: number,
): Promise<T> {
  const raw = rawOf(view);
  for (let other = levelOf(raw); other !== undefined; other = levelOf(raw)) await waitFor(other.ended);
  return inTransaction(view, begin, body, timeout, async () => {
    throw new UsageError(
      "ERR_BUSY",
      "The connection",
      "it is in a transaction that was begun without withTransaction",
    );
  });
}

/** The next statement that begins a transaction would store that of an earlier user. */
async function undoForgotten(connection: Mysql2Connection, timeout: number): Promise<void> {
  report(
    new Error(
      "a connection of the pool was in a transaction that an earlier user had left open; it was rolled back",
    ),
    "withTransaction",
  );
  await bounded(connection, "ROLLBACK", timeout, () => connection.sendAlways("ROLLBACK"));
}

async function inTransaction<T>(
  view: RawConnection,
  begin: string,
  body: (connection: Connection) => T | PromiseLike<T>,
  timeout: number,
  whenOpen: (connection: Mysql2Connection, timeout: number) => Promise<void>,
): Promise<T> {
  const connection = new Mysql2Connection(view, timeout);
  try {
    await bounded(connection, "DO 0", timeout, () => connection.ready());
    if (connection.state === "open") await whenOpen(connection, timeout);
    return await runTransaction(connection, begin, body, timeout);
  } finally {
    connection.close();
  }
}

/** The statements that begin a transaction with the options, which are checked. */
function toBegin({ isolation, readOnly }: TransactionOptions = {}): string {
  const mode = readOnly === undefined ? "" : readOnly ? " READ ONLY" : " READ WRITE";
  // For the next transaction only.
  const level = isolation && `SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}; `;
  return `${level ?? ""}START TRANSACTION${mode}`;
}
