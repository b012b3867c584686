import { overriding } from "./overriding.ts";
import type { RawConnection, RawStatement } from "./raw-client.ts";

export type Rows = unknown[];
export type ReadCallback = (error: unknown, rows?: Rows, result?: unknown) => void;

/** A cursor of `pg-cursor`. */
export interface CursorLike extends RawStatement {
  connection: RawConnection | null;
  readonly state: "initialized" | "submitted" | "idle" | "busy" | "error" | "done";
  read(rows: number, callback: ReadCallback): void;
  close(callback: (error?: unknown) => void): void;
}

/** Whether `statement` is a cursor. Other copies of `pg-cursor` count, too. */
export function isCursor(statement: object | undefined): statement is CursorLike {
  const { state, read, close } = (statement ?? {}) as Partial<CursorLike>;
  return typeof state === "string" && typeof read === "function" && typeof close === "function";
}

/** A cursor on the server, which waits for the client between two reads. */
export class Portal {
  readonly #cursor: CursorLike;
  readonly #own: Pick<CursorLike, "read" | "close" | "handleError">;
  /** The `state` of pg-cursor is `idle` also in the first read. */
  #reads = 0;

  /** The methods of the cursor count the reads from now on. */
  constructor(cursor: CursorLike) {
    this.#cursor = cursor;
    const { read, close, handleError } = cursor;
    this.#own = { read, close, handleError };
    cursor.read = (count, callback) => this.read(count, callback);
  }

  read(count: number, callback: ReadCallback): void {
    this.#reads++;
    this.#own.read.call(this.#cursor, count, (...args) => {
      this.#reads--;
      callback(...args);
    });
  }

  /** Closes the portal if it waits for a read. Returns whether it did. */
  closeIfIdle(): boolean {
    return this.#reads === 0 && this.close();
  }

  /** Closes the portal when a read that runs has ended. Returns false for one that is not open. */
  close(): boolean {
    const { state } = this.#cursor;
    if (state === "initialized" || state === "done" || state === "error") return false;
    this.#own.close.call(this.#cursor, () => {}); // the client tells the end
    return true;
  }

  /** pg-cursor does this in its `handleError`, which is called only when the server is ready. */
  afterError(): void {
    // A cursor that is closed has done it.
    if (this.#cursor.state !== "done") this.#cursor.connection?.sync();
  }

  /** The `handleError` of a cursor, without what {@link afterError} has done. */
  handleError(error: unknown, connection: RawConnection): void {
    const cursor = this.#cursor;
    const own = cursor.connection;
    if (own !== null) cursor.connection = overriding(own, { sync: () => {} });
    this.#own.handleError.call(cursor, error, connection);
    cursor.connection = own;
  }
}
