import { CancelScope } from "@hother/cancelable";
import type { TransactionConnection, TransactionGate } from "../database/transaction-connection.ts";
import { destroyClient, type RawClient, transactionStatus } from "./raw-client.ts";
import { transactionClient } from "./transaction-client.ts";
import { unwrapClient } from "./wrap-client.ts";

const states = { I: "none", T: "open", E: "failed" } as const;

/** A client of pg, as a transaction uses it. */
export class PgConnection implements TransactionConnection<RawClient> {
  readonly what = "a client of pg";
  readonly #client: RawClient;
  readonly #raw: RawClient;
  #isBroken = false;
  /** Why the connection was lost. */
  #loss: Error | undefined;
  readonly #onError = (error?: Error): void => {
    this.#isBroken = true;
    this.#loss ??= error;
  };

  /** @param client The client with the wrapper of this module. */
  constructor(client: RawClient) {
    this.#client = client;
    this.#raw = unwrapClient(client);
    // Without a listener the event would end the process. The statement that runs gets the same error.
    this.#raw.on("error", this.#onError);
    this.#raw.on("end", this.#onError);
  }

  get key(): object {
    return this.#raw;
  }

  get state(): TransactionConnection<RawClient>["state"] {
    if (this.#isBroken || this.#raw.connection.stream.destroyed) return "broken";
    const status = transactionStatus(this.#raw);
    return status ? states[status] : "unknown";
  }

  async send(sql: string): Promise<string | undefined> {
    const { command } = await this.#client.query(sql);
    return command;
  }

  async sendAlways(sql: string): Promise<void> {
    await new CancelScope({ parent: null }).run(() => this.#client.query(sql));
  }

  destroy(): void {
    this.#isBroken = true;
    destroyClient(this.#raw);
  }

  /**
   * Adds the reason to the error of pg for statements after the loss of a connection. pg tells the reason with an event, which
   * has no listener in a transaction: for example that of `idle_in_transaction_session_timeout`.
   */
  explain(error: unknown): void {
    if (this.#loss === undefined || !(error instanceof Error) || error.cause !== undefined) return;
    if (error.message.endsWith("is not queryable")) error.cause = this.#loss;
  }

  clientFor(level: TransactionGate): RawClient {
    return transactionClient(this.#client, level);
  }

  /** Ends the use of the client. */
  close(): void {
    this.#raw.off("error", this.#onError);
    this.#raw.off("end", this.#onError);
  }
}
