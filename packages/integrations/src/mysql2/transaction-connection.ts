import { CancelScope, currentScope, moveOnAfter, shield, waitFor } from "@hother/cancelable";
import type { Connection } from "mysql2/promise";
import type { TransactionConnection, TransactionGate } from "../database/transaction-connection.ts";
import { bounded } from "../database/transaction-level.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { rawOf } from "./clients.ts";
import type { RawConnection } from "./library.ts";
import { transactionClient } from "./transaction-client.ts";

/** The bit of the status of the server for an open transaction. */
const inTransaction = 1;

/** A connection of mysql2, as a transaction uses it. */
export class Mysql2Connection implements TransactionConnection<Connection> {
  readonly what = "mysql2";
  readonly #view: RawConnection;
  readonly #raw: RawConnection;
  readonly #timeout: number;
  #state: TransactionConnection<Connection>["state"] = "unknown";
  readonly #onError = (): void => {
    this.#state = "broken";
  };

  /** @param timeout The longest time in ms that `COMMIT` may take after a cancellation. */
  constructor(view: RawConnection, timeout: number) {
    this.#view = view;
    this.#raw = rawOf(view);
    this.#timeout = timeout;
    // Without a listener the event would end the process. The statement that runs gets the same error.
    this.#raw.on("error", this.#onError);
    this.#raw.on("end", this.#onError);
  }

  get key(): object {
    return this.#raw;
  }

  get state(): TransactionConnection<Connection>["state"] {
    return this.#raw.stream.destroyed ? "broken" : this.#state;
  }

  /** Asks the server, which says with each answer whether a transaction is open: a deadlock ends it. */
  async ready(): Promise<void> {
    if (this.state === "broken") return;
    try {
      const { serverStatus = 0 } = (await this.sendAlways("DO 0")) as { readonly serverStatus?: number };
      this.#state = (serverStatus & inTransaction) === 0 ? "none" : "open";
    } catch {
      this.#state = "broken";
    }
  }

  /** No cancellation stops a statement that begins or ends the transaction, because half of it could be left. */
  async send(sql: string): Promise<undefined> {
    currentScope().check();
    if (sql === "COMMIT") return this.#commit();
    await bounded(this, sql, this.#timeout, () => this.sendAlways(sql));
  }

  async sendAlways(sql: string): Promise<unknown> {
    let result: unknown;
    for (const statement of sql.split("; "))
      result = await new CancelScope({ parent: null }).run(() => this.#query(statement));
    return result;
  }

  destroy(): void {
    this.#state = "broken";
    this.#view.destroy();
  }

  clientFor(level: TransactionGate): Connection {
    return transactionClient(this.#view, level);
  }

  /** Ends the use of the connection. */
  close(): void {
    this.#raw.off("error", this.#onError);
    this.#raw.off("end", this.#onError);
  }

  /**
   * `COMMIT` is not stopped by a cancellation, because the server does not say then whether it has stored the transaction. It
   * gets a limit.
   */
  async #commit(): Promise<undefined> {
    const ended = this.sendAlways("COMMIT");
    const unfollow = untilCancelled(() => {
      const end = ended.then(
        () => true,
        () => true,
      );
      const wait = shield(() => moveOnAfter(this.#timeout, () => waitFor(end)));
      void wait.then((hasEnded) => hasEnded ?? this.destroy());
    }, "COMMIT of mysql2");
    try {
      await ended;
    } finally {
      unfollow();
    }
  }

  #query(sql: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#view.query(sql, (error, result) => (error ? reject(error) : resolve(result)));
    });
  }
}
