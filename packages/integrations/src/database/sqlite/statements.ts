import { Lock, shield, UsageError } from "@hother/cancelable";
import { invalidType, requireText } from "@hother/cancelable/extending";
import type { Chunk, HostRequest, SqliteParameters } from "./messages.ts";
import type { Session } from "./session.ts";

/** A row: its columns by their names. */
export type SqliteRow = Record<string, unknown>;

/** The result of `run`. */
export interface SqliteRunResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** The statements of a database, or of a transaction. Each call belongs to the scope in which it is made. */
export interface SqliteStatements {
  /** All rows of a query. */
  all<Row = SqliteRow>(sql: string, parameters?: SqliteParameters): Promise<Row[]>;
  /** The first row of a query, or undefined. */
  get<Row = SqliteRow>(sql: string, parameters?: SqliteParameters): Promise<Row | undefined>;
  /** Runs a statement that writes. */
  run(sql: string, parameters?: SqliteParameters): Promise<SqliteRunResult>;
  /** Runs several statements without values. */
  exec(sql: string): Promise<void>;
  /** The rows of a query, as the reader asks for them. The database does nothing else until the reader has left. */
  iterate<Row = SqliteRow>(sql: string, parameters?: SqliteParameters): AsyncGenerator<Row, void, undefined>;
}

/** Sends the statements one after the other. A call that waits for its turn leaves the line when it is cancelled. */
export class SerialStatements implements SqliteStatements {
  readonly #use: () => Session | Promise<Session>;
  /** The reader of rows whose turn it is. */
  #reader: AsyncGenerator<unknown> | undefined;
  #isReadingOver = false;
  /** @internal Held by the call whose turn it is. */
  protected readonly turns = new Lock();

  /** @internal @param use Gives the session for a call, or throws. */
  constructor(use: () => Session | Promise<Session>) {
    this.#use = use;
  }

  async all<Row = SqliteRow>(sql: string, parameters?: SqliteParameters): Promise<Row[]> {
    return (await this.#run("all", sql, parameters)) as Row[]; // the type that the user has given
  }

  async get<Row = SqliteRow>(sql: string, parameters?: SqliteParameters): Promise<Row | undefined> {
    return (await this.#run("get", sql, parameters)) as Row | undefined; // as above
  }

  async run(sql: string, parameters?: SqliteParameters): Promise<SqliteRunResult> {
    return (await this.#run("run", sql, parameters)) as SqliteRunResult; // of the library
  }

  async exec(sql: string): Promise<void> {
    await this.#run("exec", sql, undefined);
  }

  iterate<Row = SqliteRow>(sql: string, parameters?: SqliteParameters): AsyncGenerator<Row, void, undefined> {
    const reader = this.#read<Row>(sql, parameters, () => {
      this.#reader = reader;
    });
    return reader;
  }

  /** @internal Ends the reader that is open, which would keep its turn for ever, and refuses those that still wait. */
  async endReading(): Promise<void> {
    this.#isReadingOver = true;
    await this.#reader?.return(undefined);
  }

  async *#read<Row>(
    sql: string,
    parameters: SqliteParameters | undefined,
    begin: () => void,
  ): AsyncGenerator<Row, void, undefined> {
    requireText(sql, "sql");
    requireParameters(parameters);
    const lease = await this.turns.acquire();
    try {
      if (this.#isReadingOver) throw new UsageError("ERR_CLOSED", "The transaction", "it has ended");
      begin();
      yield* rowsOf<Row>(await this.#use(), sql, parameters);
    } finally {
      this.#reader = undefined;
      lease.release();
    }
  }

  async #run(
    method: HostRequest["method"],
    sql: string,
    parameters: SqliteParameters | undefined,
  ): Promise<unknown> {
    requireText(sql, "sql");
    requireParameters(parameters);
    return this.turns.run(async () => (await this.#use()).run({ method, sql, parameters }));
  }
}

/** Refuses values that SQLite cannot store, because some of them cannot be sent to the host either. */
function requireParameters(parameters: SqliteParameters | undefined): void {
  if (parameters === undefined) return;
  if (typeof parameters !== "object" || parameters === null)
    throw invalidType("parameters", "an array, or an object of values by their names", parameters);
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value === "function" || typeof value === "symbol" || isOtherObject(value))
      throw invalidType(
        `parameters[${JSON.stringify(name)}]`,
        "null, a number, a bigint, a string or bytes",
        value,
      );
  }
}

const isOtherObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value);

async function* rowsOf<Row>(
  session: Session,
  sql: string,
  parameters: SqliteParameters | undefined,
): AsyncGenerator<Row, void, undefined> {
  let chunk: Chunk | undefined;
  // The answer to these two requests is a chunk.
  const next = async (request: Omit<HostRequest, "number">): Promise<Chunk> =>
    (await session.run(request)) as Chunk;
  try {
    chunk = await next({ method: "iterate", sql, parameters });
    for (;;) {
      yield* chunk.rows as readonly Row[]; // the type that the user has given
      if (chunk.isLast) return;
      chunk = await next({ method: "more" });
    }
  } finally {
    if (chunk?.isLast === false && session.isOpen) await shield(() => session.run({ method: "return" }));
  }
}
