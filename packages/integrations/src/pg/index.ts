import {
  invalidType,
  type KnownOptions,
  requireBoolean,
  requireKnownOptions,
} from "@hother/cancelable/extending";
import type { Client, Pool } from "pg";
import { type CancelTimeoutOption, toCancelTimeout } from "../database/cancel-timeout.ts";
import { type RawClient, requireClient, requirePool } from "./raw-client.ts";
import type { RunOptions } from "./run-on-client.ts";
import { isWrappedClient, wrapClient } from "./wrap-client.ts";
import { isWrappedPool, wrapPool } from "./wrap-pool.ts";

export { StatementNotSentError } from "../database/statement-not-sent.ts";
export { CommitUnknownError, TransactionAbortedError } from "../database/transaction-errors.ts";
export type { TransactionOptions } from "./transaction-options.ts";
export { withTransaction } from "./with-transaction.ts";

/** The options of {@link cancellablePool} and {@link cancellableClient}. */
export interface CancellablePgOptions extends CancelTimeoutOption {
  /**
   * Whether the server gets the time to the deadline of the scope as `statement_timeout`, for each statement alone, so that
   * the server also stops the statements of a client that is gone. Such a call sends one statement and no list of statements.
   * Needs pg 8.21. Default: false.
   */
  readonly serverDeadline?: boolean;
}

const known: KnownOptions<CancellablePgOptions> = { cancelTimeout: 1, serverDeadline: 1 };

/** The options with their defaults. A new object for each wrapper. */
function toRunOptions(options: CancellablePgOptions | undefined, of: string): RunOptions {
  requireKnownOptions(options, known, of);
  const { serverDeadline = false } = options ?? {};
  requireBoolean(serverDeadline, "options.serverDeadline");
  return { cancelTimeout: toCancelTimeout(options), serverDeadline };
}

/**
 * A pool whose statements belong to the scope in which they are called. Everything else is as in `pool`, which stays
 * as it is: the pool of `pg` that `drizzle`, Prisma's adapter, Kysely and pg-boss take.
 *
 * - In a cancelled scope no connection is taken and nothing is sent.
 * - A call that waits for a connection rejects at once when its scope is cancelled. The connection stays in the pool.
 * - A statement that runs is stopped on the server. The promise rejects when the statement and the request that stopped it
 *   have ended, so that the connection is free, and no late request hits its next statement.
 *
 * The error is a copy of the error of the scope. Its `cause` is the error of the server (code `57014`) if the
 * statement ran, and a {@link StatementNotSentError} if the call was waiting. The answer of the server counts: a statement that
 * ended well in spite of the cancellation gives its result, and every other error stays itself.
 *
 * @throws TypeError for a wrong argument, RangeError for a `cancelTimeout` that is not positive.
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { cancellablePool } from "@hother/cancelable-integrations/pg";
 * import pg from "pg";
 *
 * const pool = cancellablePool(new pg.Pool({ max: 5 }), { cancelTimeout: 2_000 });
 * const op = new Cancellable({ timeout: 0 });
 * const outcome = await op.settle(() => pool.query("select pg_sleep(60)"));
 * console.assert(outcome.status === "cancelled" && pool.totalCount === 0); // nothing was sent
 * await pool.end();
 * ```
 */
export function cancellablePool<P extends Pool>(pool: P, options?: CancellablePgOptions): P {
  requirePool(pool);
  if (isWrappedPool(pool)) throw invalidType("pool", "a Pool that is not wrapped yet", pool);
  return wrapPool(pool, toRunOptions(options, "cancellablePool")) as P; // a proxy of `pool`
}

/**
 * As {@link cancellablePool}, for a single client. A client runs one statement at a time; a call that waits behind
 * another statement leaves the line when its scope is cancelled. `connect()` belongs to its scope, too.
 *
 * @throws TypeError for a wrong argument, RangeError for a `cancelTimeout` that is not positive.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:net";
 * import { failAfter, isCancellation } from "@hother/cancelable";
 * import { cancellableClient } from "@hother/cancelable-integrations/pg";
 * import pg from "pg";
 *
 * const silent = createServer().listen(0, "127.0.0.1"); // never answers
 * await once(silent, "listening");
 * const { port } = silent.address() as { port: number };
 * const client = cancellableClient(new pg.Client({ host: "127.0.0.1", port }));
 * const error = await failAfter(50, () => client.connect()).catch((reason: unknown) => reason);
 * console.assert(isCancellation(error, { reason: "timeout" }));
 * silent.close();
 * ```
 */
export function cancellableClient<C extends Client>(client: C, options?: CancellablePgOptions): C {
  const raw: unknown = client;
  requireClient(raw);
  if (isWrappedClient(raw)) throw invalidType("client", "a Client that is not wrapped yet", client);
  return wrapClient(raw, toRunOptions(options, "cancellableClient")) as RawClient as unknown as C; // a proxy of `client`
}
