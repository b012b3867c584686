import { AsyncLocalStorage } from "node:async_hooks";
import { CancelScope, moveOnAfter, report, shield, UsageError, waitFor } from "@hother/cancelable";
import type { TransactionConnection, TransactionGate } from "./transaction-connection.ts";
import { TransactionAbortedError } from "./transaction-errors.ts";

/** The innermost transaction in whose body the code runs. */
const innermost = new AsyncLocalStorage<TransactionLevel<object>>();

/** The open transactions by their connection, and all transactions by the client that their body got. */
const levels = new WeakMap<object, TransactionLevel<object>>();

/** The transaction that is open on a connection, or that has given `client` to its body. */
export function levelOf(client: object): TransactionLevel<object> | undefined {
  return levels.get(client);
}

/**
 * A transaction, or a savepoint in one.
 * 1. The levels of a connection are a stack: a level has at most one open level inside, and only the innermost one sends
 *    statements.
 * 2. When the level ends, no statement of it runs.
 */
export class TransactionLevel<Client extends object> implements TransactionGate {
  readonly connection: TransactionConnection<Client>;
  readonly #above: TransactionLevel<Client> | undefined;
  readonly #depth: number;
  #isOpen = true;
  #inside: TransactionLevel<Client> | undefined;
  /** The statements that run, with what ends them when the body has ended. */
  readonly #running = new Map<Promise<unknown>, (() => void) | undefined>();
  /** The error of the statement that failed last. */
  #failure: unknown;
  readonly #ended: Promise<void>;
  #end!: () => void;

  constructor(connection: TransactionConnection<Client>, above?: TransactionLevel<Client>) {
    this.connection = connection;
    this.#above = above;
    this.#depth = above === undefined ? 0 : above.#depth + 1;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    if (above === undefined) levels.set(connection.key, this);
    else above.#inside = this;
  }

  get savepoint(): string {
    return `cancelable_${this.#depth}`;
  }

  /** Fulfilled when the level has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Whether the caller is in the body of this level, or of one inside. */
  get isAroundCaller(): boolean {
    for (let level = innermost.getStore(); level !== undefined; level = level.#above)
      if (level === this) return true;
    return false;
  }

  /** A level inside the one of the caller. Waits for what the client is used for. */
  async inside(): Promise<TransactionLevel<Client>> {
    const own = this.#ofCaller();
    while (own.#isOpen && own.#isUsed)
      await waitFor<unknown>(own.#inside === undefined ? own.#settled() : own.#inside.#ended);
    own.enter();
    return new TransactionLevel(own.connection, own);
  }

  enter(): void {
    const own = this.#ofCaller();
    const subject = "The client of a transaction";
    if (!own.#isOpen) throw new UsageError("ERR_CLOSED", subject, "the transaction has ended");
    if (own.#inside !== undefined)
      throw new UsageError("ERR_BUSY", subject, "await the transaction that was begun on it first");
  }

  own<T>(statement: Promise<T>, finish?: () => void): Promise<T> {
    const level = this.#ofCaller();
    const result = statement.catch((error: unknown) => {
      level.#failure = error;
      throw error;
    });
    const forget = (): void => {
      level.#running.delete(result);
    };
    level.#running.set(result, finish);
    // A second promise, because an error that the user never looks at must stay unhandled.
    statement.then(forget, forget);
    return result;
  }

  /** Runs `body` and waits for the statements that it has not awaited. When the body fails, these are cancelled. */
  async run<T>(body: (client: Client) => T | PromiseLike<T>): Promise<T> {
    let outcome: { readonly value: T } | undefined;
    let failure: { readonly error: unknown } | undefined;
    // Two scopes: what still waits when the inner one has ended belongs to the outer one.
    await new CancelScope().run(async (around) => {
      try {
        const client = this.connection.clientFor(this);
        levels.set(client, this);
        await new CancelScope().run(async () => {
          outcome = { value: await innermost.run(this, async () => body(client)) };
        });
      } catch (error) {
        failure = { error };
        around.cancel("error", "the transaction has failed", { cause: error });
        return;
      }
      while (this.#isUsed) {
        const errors = await this.#endUse();
        if (errors.length > 0) failure ??= { error: errors[0] };
      }
      this.#isOpen = false;
    });
    if (failure !== undefined) throw failure.error;
    return (outcome as { readonly value: T }).value; // set, because the body has not failed
  }

  /** @throws TransactionAbortedError if the server cannot store what the body did. */
  requireWhole(): void {
    const { connection } = this;
    if (connection.state === "failed")
      throw this.aborted("a statement has failed, and its error was not thrown");
    if (connection.state === "broken") throw this.aborted(`${connection.what} has lost its connection`);
    if (connection.state === "none") throw this.aborted("its body has sent COMMIT or ROLLBACK itself");
  }

  /** The error of a transaction whose body has ended well. Its cause is the error of the last statement that failed. */
  aborted(why: string): TransactionAbortedError {
    const cause = this.#failure === undefined ? undefined : { cause: this.#failure };
    return new TransactionAbortedError(`The transaction was not stored: ${why}`, cause);
  }

  /** Waits for what still runs, and undoes the level with `sql`. After `timeout` ms the connection is destroyed. */
  async undo(sql: string, timeout: number): Promise<void> {
    const { connection } = this;
    try {
      await bounded(connection, sql, timeout, async () => {
        while (this.#isUsed) await this.#endUse();
        this.#isOpen = false;
        await connection.ready?.();
        if (connection.state !== "none" && connection.state !== "broken") await connection.sendAlways(sql);
      });
    } catch (error) {
      report(error, "the rollback of a transaction");
      connection.destroy();
    }
  }

  close(): void {
    this.#isOpen = false;
    if (this.#above === undefined) levels.delete(this.connection.key);
    else this.#above.#inside = undefined;
    this.#end();
  }

  /** The level inside this one whose body calls, or this one: the body of a savepoint may use the client from outside. */
  #ofCaller(): TransactionLevel<Client> {
    // A level of the same connection has the same type of client.
    return this.isAroundCaller ? (innermost.getStore() as TransactionLevel<Client>) : this;
  }

  /** Whether a statement runs, or a level inside is open. */
  get #isUsed(): boolean {
    return this.#running.size > 0 || this.#inside !== undefined;
  }

  /** Waits for the end of what uses the level now. Fulfils with the errors of the statements. */
  async #endUse(): Promise<unknown[]> {
    if (this.#inside !== undefined) await this.#inside.#ended;
    for (const finish of [...this.#running.values()]) finish?.();
    return this.#settled();
  }

  /** Waits until all statements of now have ended. Fulfils with their errors, which count as handled then. */
  async #settled(): Promise<unknown[]> {
    const results = await Promise.allSettled(this.#running.keys());
    return results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  }
}

/** Runs `work` in a shield, at most `timeout` ms. @throws Error if that was not enough: the connection is then destroyed. */
export async function bounded(
  connection: TransactionConnection<object>,
  sql: string,
  timeout: number,
  work: () => Promise<unknown>,
): Promise<void> {
  const isDone = await shield(() =>
    moveOnAfter(timeout, async () => {
      await waitFor(work);
      return true;
    }),
  );
  if (isDone) return;
  const failure = new Error(
    `${sql} has not ended within ${timeout} ms, and the connection of ${connection.what} was destroyed`,
  );
  connection.destroy();
  throw failure;
}
