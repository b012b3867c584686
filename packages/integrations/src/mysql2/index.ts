import {
  invalidType,
  type KnownOptions,
  requireBoolean,
  requireKnownOptions,
  requireOptions,
} from "@hother/cancelable/extending";
import type { ConnectionOptions } from "mysql2";
import { type CancelTimeoutOption, toCancelTimeout } from "../database/cancel-timeout.ts";
import { hasView, makeView } from "./clients.ts";
import { ControlConnections } from "./control.ts";
import { coreOf, isPool, type Mysql2Client } from "./core-of.ts";

export { StatementNotSentError } from "../database/statement-not-sent.ts";
export { CommitUnknownError, TransactionAbortedError } from "../database/transaction-errors.ts";
export type { Mysql2Client } from "./core-of.ts";
export { type TransactionOptions, withTransaction } from "./with-transaction.ts";

/** The options of {@link cancellableMysql2}. */
export interface CancellableMysql2Options extends CancelTimeoutOption {
  /**
   * The options of the connections that send `KILL`. Their user must be that of the statements, or must have the right
   * `CONNECTION ADMIN`. Default: the options of the pool or the connection.
   */
  readonly control?: ConnectionOptions | undefined;
  /**
   * Whether the server gets the time to the deadline of the scope as `max_statement_time`, for each `query` and `execute` alone,
   * so that the server also stops the statements of a client that is gone. Needs MariaDB, and two short statements more for
   * each call with a deadline. Default: false.
   */
  readonly serverDeadline?: boolean | undefined;
}

const known: KnownOptions<CancellableMysql2Options> = {
  cancelTimeout: 1,
  control: 1,
  serverDeadline: 1,
};

/**
 * Returns a pool or a connection of the same type and with the same methods, whose calls are cancelled with the scope in
 * which they are made. Works for callbacks, promises, streams and prepared statements. `client` itself is not changed; use
 * only the returned one.
 *
 * When its scope is cancelled, a running statement is stopped with `KILL QUERY` on a second connection. The call rejects
 * with the cancellation of the scope, and the error of the server as its cause, when the statement is gone from the server
 * and no `KILL` for it is under way. A call that waits for a connection, or behind other calls on its connection, leaves the
 * queue at once. In a cancelled scope nothing is sent.
 *
 * @throws TypeError for a wrong argument, and for a client that was passed before.
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { cancellableMysql2 } from "@hother/cancelable-integrations/mysql2";
 * import mysql from "mysql2/promise";
 *
 * const pool = cancellableMysql2(mysql.createPool({ host: "192.0.2.1" })); // no server has this address
 * const op = new Cancellable({ timeout: 0 });
 * const outcome = await op.settle(() => pool.query("select sleep(60)"));
 * console.assert(outcome.status === "cancelled"); // nothing was sent
 * await pool.end();
 * ```
 */
export function cancellableMysql2<T extends Mysql2Client>(client: T, options?: CancellableMysql2Options): T {
  requireKnownOptions(options, known, "cancellableMysql2");
  requireOptions(options?.control, "options.control");
  const { serverDeadline = false } = options ?? {};
  requireBoolean(serverDeadline, "options.serverDeadline");
  const cancelTimeout = toCancelTimeout(options);
  const { raw, clientOf } = coreOf(client);
  if (hasView(raw))
    throw invalidType("client", "a pool or a connection that cancellableMysql2 has not got before", client);
  const config = isPool(raw) ? raw.config.connectionConfig : raw.config;
  const control = new ControlConnections(config, options?.control);
  return clientOf(makeView(raw, { control, cancelTimeout, serverDeadline })) as T; // of the same class
}
