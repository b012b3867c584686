import { invalidType } from "@hother/cancelable/extending";

/** A query of postgres.js, with the properties that its types leave out. It is sent when it is first awaited. */
export interface RawQuery extends Promise<unknown> {
  /** Called once, in the async context in which the query is first awaited. */
  handler: Handler;
  /** Called by `query.cancel()`. */
  canceller: ((query: RawQuery) => unknown) | null;
  readonly options: { onexecute?: (connection: RawConnection) => void };
  strings: readonly string[];
  /** The backend that runs the query, from the moment of sending on. One object for each connection. */
  readonly state: RawBackend | null;
  /** Whether all queries before this one have ended on its connection. */
  readonly active: boolean;
  /** Called by the connection, more than once for some kinds of queries. The last call is that at the end on the server. */
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Begins the query. */
  execute(): RawQuery;
  cursor(rows: number, fn: CursorFunction): RawQuery;
  cursorFn?: CursorFunction;
  forEachFn?: (row: unknown, result: unknown) => unknown;
  readonly onlyDescribe?: boolean;
}

export type Handler = ((query: RawQuery) => void) & { debug?: unknown };

/** Gets the rows of one read. The next read waits for the promise; `CLOSE` ends the cursor. */
export type CursorFunction = (rows: readonly unknown[]) => unknown;

export interface RawBackend {
  readonly pid: number;
  readonly secret: number;
}

/** A connection of the pool inside of postgres.js. */
export interface RawConnection {
  execute(query: RawQuery): unknown;
  terminate(): void;
  /** Called when the connection has ended its queries. Without it the pool takes the connection. Null after a close. */
  reserved: ((() => void) & { release?: boolean }) | null;
  /** Called when the connection has closed. */
  onclose?: ((error: unknown) => void) | null;
}

/** The members that `sql` of postgres.js, a transaction and a reserved connection have in common. */
export interface BasicSql {
  (first: unknown, ...rest: unknown[]): unknown;
  readonly types: unknown;
  readonly typed: unknown;
  readonly array: unknown;
  readonly json: unknown;
  unsafe(text: string, ...rest: unknown[]): RawQuery;
  file(path: unknown, ...rest: unknown[]): RawQuery;
  notify(channel: string, payload: string): Promise<unknown>;
}

export interface RawSql extends BasicSql {
  readonly options: RawOptions;
  readonly CLOSE: unknown;
  readonly PostgresError: abstract new (...args: never[]) => Error;
  reserve(): Promise<BasicSql & { release(): void }>;
  listen(channel: string, fn: (payload: string) => void, onlisten?: () => void): Promise<RawListening>;
  largeObject(...args: unknown[]): Promise<unknown>;
  begin(...args: unknown[]): Promise<unknown>;
  end(options?: unknown): Promise<void>;
  close(): Promise<void>;
}

export interface RawListening {
  unlisten(): Promise<unknown>;
}

/** The options of postgres.js that are used here, as the library has read them. */
export interface RawOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** The path of a Unix socket, or something false. */
  readonly path: unknown;
  /** A word, options of `tls.connect`, or something false. */
  readonly ssl: unknown;
  readonly sslnegotiation: unknown;
  readonly max: number;
  readonly fetch_types: unknown;
  readonly debug: unknown;
  readonly socket?: (options: RawOptions) => unknown;
  /** Called when a connection has closed. */
  onclose?: ((id: number) => void) | undefined;
}

/** The errors with which a connection ends its queries. */
export function connectionError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

/** The error of `query.cancel()` for a query that was not sent. */
export function cancelledByUser(): Error {
  return connectionError("57014", "canceling statement due to user request");
}

export function requireSql(sql: unknown): asserts sql is RawSql {
  const { options, reserve, begin, unsafe } = (sql ?? {}) as Partial<RawSql>;
  const hasHosts = Array.isArray(options?.host) && Array.isArray(options?.port);
  const isSql = [sql, reserve, begin, unsafe].every((part) => typeof part === "function");
  if (!isSql || !hasHosts) throw invalidType("sql", "the `sql` that `postgres()` returns", sql);
}
