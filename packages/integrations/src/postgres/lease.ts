import type { RawBackend, RawConnection, RawQuery, RawSql } from "./raw-sql.ts";

/** Makes a query that does nothing, and whose end no code awaits. */
export function emptyQuery(sql: RawSql, onexecute: (connection: RawConnection) => void): RawQuery {
  const query = sql.unsafe("", [], { onexecute });
  query.resolve = query.reject = () => {};
  return query;
}

/** A lease ends with its statement, with a transaction, or when the user says so. */
export type LeaseKind = "statement" | "transaction" | "session";

/** The connections that postgres.js has told, by their backends. */
const known = new WeakMap<RawBackend, RawConnection>();

/**
 * A connection that was taken out of the pool of postgres.js. No other code sends statements on it, so a request to cancel
 * hits the statement of the lease or nothing.
 */
export class Lease {
  readonly #sql: RawSql;
  readonly #send: (query: RawQuery) => void;
  readonly #giveBack: () => void;
  readonly #kind: LeaseKind;
  /** Undefined until postgres.js has told it, with the first statement of the connection or a later one. */
  #connection: RawConnection | undefined;
  /** The reservation of this lease on the connection. */
  #reserved: RawConnection["reserved"] = null;
  #isOver = false;
  #isDestroyed = false;

  constructor(sql: RawSql, taken: Taken, kind: LeaseKind) {
    this.#sql = sql;
    this.#send = taken.send;
    this.#giveBack = taken.giveBack;
    this.#kind = kind;
    if (taken.connection !== undefined) this.#know(taken.connection);
  }

  execute(query: RawQuery): void {
    query.options.onexecute = (connection) => {
      this.#know(connection);
      if (query.state !== null) known.set(query.state, connection);
    };
    this.#send(query);
  }

  /** Gets to know the connection, by an empty statement. */
  introduce(): Promise<void> {
    const query = emptyQuery(this.#sql, () => {});
    return new Promise((resolve, reject) => {
      query.resolve = () => {
        this.endStatement(query.state, false);
        resolve();
      };
      query.reject = reject;
      this.execute(query);
    });
  }

  /**
   * Called by postgres.js at the end of a statement on the server. The connection then goes back, unless it has other
   * statements or a request to cancel is under way.
   */
  endStatement(backend: RawBackend | null, isHeld: boolean): void {
    const found = backend === null ? undefined : known.get(backend);
    if (found !== undefined) this.#know(found);
    if (this.#connection === undefined) this.introduce().catch(() => {});
    else if (this.#isDestroyed && !this.isGone) this.#connection.terminate();
    else if (this.#kind === "statement" && !isHeld && this.#reserved !== null) this.#reserved.release = false;
  }

  /**
   * Called by postgres.js at the end of a statement that has failed. After a failure postgres.js begins the rows of the next
   * statement behind those that had arrived, up to the next statement that succeeds (3.4.9): in a transaction, a rollback.
   */
  async recover(): Promise<void> {
    for (let isClean = this.#kind === "transaction"; !isClean; )
      isClean = await new Promise((resolve) => {
        const query = this.#sql.unsafe("select where false");
        query.resolve = () => resolve(true);
        // A request to stop the failed statement can hit this one.
        query.reject = (error) => resolve((error as { readonly code?: unknown } | null)?.code !== "57014");
        this.execute(query);
      });
  }

  /** Whether the connection has closed, or has gone back. */
  get isGone(): boolean {
    return this.#connection !== undefined && this.#connection.reserved !== this.#reserved;
  }

  /** Calls `fn` when the connection closes before its release. */
  onLost(fn: (error: unknown) => void): void {
    if (this.#connection !== undefined) this.#connection.onclose = fn;
  }

  /** Gives the connection back, when its last statement has ended. */
  release(): void {
    if (this.#isOver || this.isGone) return;
    this.#isOver = true;
    const connection = this.#connection;
    if (connection === undefined) return this.#giveBack();
    connection.onclose = null;
    connection.reserved = null;
    // At the end of a statement the pool takes the connection, or closes it if it is too old or the pool has ended.
    connection.execute(emptyQuery(this.#sql, () => {}));
  }

  #know(connection: RawConnection): void {
    if (this.#connection !== undefined) return;
    this.#connection = connection;
    this.#reserved = connection.reserved;
  }

  /**
   * Closes the connection. If postgres.js has not told the connection yet, this happens at the end of its statement. The
   * pool makes a new connection in its place when the socket has closed.
   */
  destroy(): void {
    this.#isOver = true;
    this.#isDestroyed = true;
    this.#connection?.terminate();
  }
}

/** How a connection was taken out of the pool, and how an unused one goes back. */
export interface Taken {
  send(query: RawQuery): void;
  giveBack(): void;
  readonly connection?: RawConnection;
}
