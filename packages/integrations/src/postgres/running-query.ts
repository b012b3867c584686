import { Readable, Stream, Writable } from "node:stream";
import { currentScope } from "@hother/cancelable";
import type { Statement } from "../database/statement.ts";
import { CancelRequest } from "./cancel-request.ts";
import { CursorReads } from "./cursor-reads.ts";
import type { Lease } from "./lease.ts";
import type { RawQuery, RawSql } from "./raw-sql.ts";

/** A query on a connection of its own, from sending to its end on the server. */
export class RunningQuery implements Statement<unknown> {
  readonly what = "a statement of postgres.js";
  /** Settles when the connection is ready for the next statement. Stays pending if the connection is lost. */
  ready: Promise<void> = Promise.resolve();
  /** The reads of a cursor. */
  readonly reads: CursorReads | undefined;
  readonly #query: RawQuery;
  readonly #lease: Lease;
  readonly #sql: RawSql;
  readonly #streaming: (stream: Stream) => void;
  readonly #scope = currentScope();
  #stream: Stream | undefined;
  #request: CancelRequest | undefined;
  #hasEnded = false;
  /** Why the connection was destroyed. */
  #destroyed: Error | undefined;

  /** @param streaming Gets the stream of a `COPY`, before the end of the statement. */
  constructor(query: RawQuery, lease: Lease, sql: RawSql, streaming: (stream: Stream) => void) {
    this.#query = query;
    this.#lease = lease;
    this.#sql = sql;
    this.#streaming = streaming;
    if (query.cursorFn !== undefined) this.reads = new CursorReads(query, query.cursorFn, sql.CLOSE);
  }

  /** The error of the scope, if it is cancelled. */
  get reason(): Error | undefined {
    return this.#scope.error;
  }

  send(): Promise<unknown> {
    const query = this.#query;
    let ready!: () => void;
    this.ready = new Promise((resolve) => {
      ready = resolve;
    });
    return new Promise((resolve, reject) => {
      /** At the end of the statement on the server, the last call of `resolve` or `reject`. */
      const end = (): void => {
        this.#lease.endStatement(query.state, this.#request !== undefined);
        ready();
      };
      query.resolve = (value) => {
        if (value instanceof Stream) return this.#open(value);
        const isEarly = !this.#hasEnded && (query.onlyDescribe || this.reads?.isClosing);
        this.#hasEnded = true;
        resolve(value);
        if (!isEarly) end();
      };
      query.reject = (error) => {
        this.#hasEnded = true;
        this.#break(error);
        reject(this.#destroyed ?? error);
        // Of the other errors some come before the end, and some from a connection that is lost.
        if (error instanceof this.#sql.PostgresError) void this.#lease.recover().then(end);
      };
      this.#lease.execute(query);
    });
  }

  async cancel(): Promise<void> {
    const { active, state } = this.#query;
    const stream = this.#stream;
    // Statements of others can be before this one. With a stream, postgres.js calls the query inactive.
    const isRunning = active || stream !== undefined;
    if (this.#hasEnded || !isRunning || state === null) return;
    if (stream instanceof Readable) discard(stream, this.#scope.error);
    if (stream instanceof Writable && !stream.writableEnded) {
      // The server waits for rows, and looks at no request meanwhile.
      stream.once("error", () => {}); // the cancellation is the error of the scope
      stream.destroy(this.#scope.error);
      return;
    }
    if (this.reads?.stop()) return;
    this.#request = new CancelRequest(this.#sql.options, state);
    try {
      await this.#request.ended;
    } finally {
      this.#request = undefined;
    }
  }

  isCancelled(error: unknown): boolean {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    // The limit of the server has the same code. Its text is in the language of the server, so that this is no proof.
    return code === "57014" && !String(message).includes("statement timeout");
  }

  destroy(error: Error): void {
    this.#destroyed = error;
    this.#request?.destroy();
    this.#lease.destroy();
  }

  /** Hands out the stream of a `COPY`. */
  #open(stream: Stream): void {
    this.#stream = stream;
    if (stream instanceof Readable)
      stream.once("close", () => {
        if (this.#hasEnded || stream.readableEnded || this.#scope.isCancelled) return;
        // The consumer has left. postgres.js would stop reading from the connection.
        discard(stream);
        this.#query.canceller?.(this.#query);
      });
    this.#streaming(stream);
  }

  /** Ends the stream of rows to the server. postgres.js leaves it open when the server refuses the rows at their end. */
  #break(error: unknown): void {
    const stream = this.#stream;
    if (stream instanceof Writable && !stream.destroyed && !stream.writableFinished)
      stream.destroy(this.#scope.error ?? (error as Error));
  }
}

/** Drops the rows that still arrive, so that the connection reads up to the end of the statement. */
function discard(stream: Readable, error?: Error): void {
  stream.push = () => true;
  stream._read(0); // postgres.js reads on
  if (error === undefined || stream.destroyed) return;
  stream.once("error", () => {}); // the cancellation is the error of the scope
  stream.destroy(error);
}
