import { currentScope, report, shield, UsageError, waitFor } from "@hother/cancelable";
import { requireFunction } from "@hother/cancelable/extending";
import { type Place, Session } from "./session.ts";
import { SerialStatements, type SqliteStatements } from "./statements.ts";

/**
 * A database of SQLite in a process or a thread of its own, so that a long statement holds up nothing else, and can be stopped.
 * Calls run one after the other. A call that waits for its turn leaves the line when it is cancelled.
 */
export class SqliteDatabase extends SerialStatements {
  readonly #place: Place;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #isClosed = false;

  /** @internal */
  constructor(place: Place) {
    super(() => this.#open());
    this.#place = place;
  }

  /** @internal Opens the database, so that a file that cannot be opened is an error at once. */
  async open(): Promise<this> {
    await this.turns.run(() => this.#open());
    return this;
  }

  /**
   * Runs `body` in a transaction, which begins with `BEGIN IMMEDIATE`: stored when the body has ended, and undone when it
   * fails or is cancelled. Other calls of the database wait for its end, so the body must use the statements that it gets.
   */
  async transaction<T>(body: (statements: SqliteStatements) => T | PromiseLike<T>): Promise<T> {
    requireFunction(body, "body");
    return this.turns.run(async () => {
      const session = await this.#open();
      let isOpen = true;
      const statements = new SerialStatements(() => {
        if (isOpen && session.isOpen) return session;
        throw new UsageError("ERR_CLOSED", "The transaction", "it has ended");
      });
      await session.run({ method: "exec", sql: "BEGIN IMMEDIATE" });
      try {
        const value = await body(statements);
        currentScope().check();
        await shield(() => statements.endReading());
        await shield(() => statements.exec("COMMIT"));
        return value;
      } catch (error) {
        // With the host its transaction has ended.
        if (session.isOpen)
          await shield(async () => {
            await statements.endReading();
            await statements.exec("ROLLBACK");
          }).catch((failure: unknown) => report(failure, "the rollback of a transaction of SQLite"));
        throw error;
      } finally {
        isOpen = false;
      }
    });
  }

  /** Waits for the calls that were made before, and closes the database. Later calls are refused. */
  async close(): Promise<void> {
    await this.turns.run(async () => {
      this.#isClosed = true;
      // A call that was cancelled has left its opening.
      if (this.#opening !== undefined) await waitFor(this.#opening.catch(() => {}));
      const session = this.#session;
      if (!session?.isOpen) return;
      await session.run({ method: "close" });
      session.destroy(new Error("the database was closed"));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await shield(() => this.close());
  }

  /** The open database: a new one if its host was ended. */
  async #open(): Promise<Session> {
    currentScope().check();
    if (this.#isClosed) throw new UsageError("ERR_CLOSED", "The database", "it is closed");
    if (this.#session?.isOpen) return this.#session;
    // A cancelled caller leaves the opening to the next one.
    this.#opening ??= this.#start();
    return waitFor(this.#opening);
  }

  async #start(): Promise<Session> {
    const session = new Session(this.#place);
    try {
      await shield(() => session.run({ method: "open", open: this.#place.open }));
      this.#session = session;
      return session;
    } catch (error) {
      session.destroy(new Error("the database cannot be opened"));
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }
}
