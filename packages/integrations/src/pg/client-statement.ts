import type { Submittable } from "pg";
import type { Statement } from "../database/statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import { Stopping } from "../database/stopping.ts";
import { CancelRequest } from "./cancel-request.ts";
import {
  destroyClient,
  type RawClient,
  type RawConnection,
  type RawStatement,
  whenReady,
} from "./raw-client.ts";

/** The part of a statement that is not sent as a whole in the life of its {@link ClientStatement}. */
export interface StatementHooks {
  /** Ends what a cancel request does not end, such as a cursor that waits for its next read. Called with each request. */
  beforeRequest?(): void;
  /** Asks the server to go on after an error, as far as the statement itself does so only when it is told the error. */
  afterError?(): void;
}

/**
 * A statement that is given to a client, from `client.query()` to its end on the server. It stands between pg and the statement:
 * pg tells the end to this object, which hands it on with {@link deliver} when the statement has really settled.
 */
export class ClientStatement implements Statement<void> {
  readonly what = "a statement of pg";
  /** Whether the server has the ambient deadline as the limit of the statement. */
  hasServerDeadline = false;
  readonly #client: RawClient;
  readonly #statement: RawStatement;
  readonly #cancelTimeout: number;
  readonly #hooks: StatementHooks;
  /** The methods of the statement itself. */
  #own: Pick<RawStatement, "submit" | "handleReadyForQuery" | "handleError"> | undefined;
  readonly #ended: Promise<void>;
  #settle!: { resolve(): void; reject(error: unknown): void };
  /** Settles when the server has ended the statement, and also when the client reports a time limit before. */
  readonly #settled: Promise<void>;
  #endOnServer!: () => void;
  #isSent = false;
  #isWithdrawn = false;
  /** Whether the limit `query_timeout` of pg has passed, whose error is then that of the statement. */
  #isOverLimit = false;
  #request: CancelRequest | undefined;

  constructor(client: RawClient, statement: RawStatement, cancelTimeout: number, hooks: StatementHooks = {}) {
    this.#hooks = hooks;
    this.#client = client;
    this.#statement = statement;
    this.#cancelTimeout = cancelTimeout;
    this.#ended = new Promise((resolve) => {
      this.#endOnServer = resolve;
    });
    this.#settled = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  send(): Promise<void> {
    const statement = this.#statement;
    const { submit, handleReadyForQuery, handleError } = statement;
    this.#own = { submit, handleReadyForQuery, handleError };
    statement.submit = (connection) => {
      if (this.#isWithdrawn) return withdrawn();
      this.#isSent = true;
      return submit.call(statement, connection);
    };
    statement.handleReadyForQuery = () => {
      this.#endOnServer();
      if (!this.#isOverLimit) this.#settle.resolve();
    };
    statement.handleError = (error) => {
      if (this.#isSent && isReadTimeout(error)) return this.#stopOverLimit(error);
      const end = (): void => {
        this.#endOnServer();
        if (!this.#isOverLimit) this.#settle.reject(error);
      };
      if (!this.#isSent || !isFromServer(error)) return end();
      // The server tells the error first, and then undoes what the statement did.
      this.#hooks.afterError?.();
      whenReady(this.#client, end);
    };
    const submittable: unknown = statement; // the types of pg know only the first method
    this.#client.query(submittable as Submittable);
    return this.#settled;
  }

  cancel(): Promise<void> {
    // The client is not connected yet, or has statements of others before this one.
    if (!this.#isSent) {
      this.#isWithdrawn = true;
      this.#settle.reject(new StatementNotSentError("the statement waited in the client, and was not sent"));
      return Promise.resolve();
    }
    this.#hooks.beforeRequest?.();
    const request = new CancelRequest(this.#client);
    this.#request = request;
    return request.ended;
  }

  isCancelled(error: unknown): boolean {
    if (error instanceof StatementNotSentError) return true;
    // The limit of the server has the same code. Its text is in the language of the server, so that this is no proof.
    return isStopped(error) && (this.hasServerDeadline || !error.message.includes("statement timeout"));
  }

  destroy(): void {
    this.#request?.destroy();
    destroyClient(this.#client);
  }

  /** Tells the statement how it has ended, as pg does. */
  deliver(error?: unknown): void {
    const statement = Object.assign(this.#statement, this.#own);
    try {
      if (error === undefined) statement.handleReadyForQuery(this.#connection);
      else statement.handleError(error, this.#connection);
    } catch (failure) {
      // An error of a listener, or an "error" event without one, has no caller, as in pg.
      process.nextTick(() => {
        throw failure;
      });
    }
    if (!this.#isWithdrawn) return;
    // pg still has the statement in its queue, and skips it there.
    statement.submit = withdrawn;
    statement.handleError = () => {};
  }

  get #connection(): RawConnection {
    return this.#client.connection;
  }

  /** The client does not wait any more, and the server still runs the statement. */
  #stopOverLimit(error: unknown): void {
    this.#isOverLimit = true;
    const stopping = new Stopping(this, this.#ended, this.#cancelTimeout);
    void stopping.over.then(() => this.#settle.reject(error));
  }
}

/** Whether the server has stopped the statement: for a cancel request, or for its limit. */
export function isStopped(error: unknown): error is Error {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "57014";
}

function withdrawn(): Error {
  return new StatementNotSentError("the statement was withdrawn");
}

function isFromServer(error: unknown): boolean {
  return typeof (error as { readonly severity?: unknown } | null | undefined)?.severity === "string";
}

/** Whether `error` is that of the option `query_timeout` of pg, which has no code. */
export function isReadTimeout(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === undefined && message === "Query read timeout";
}
