import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { Chunk, HostAnswer, HostError, HostRequest, OpenRequest, SqliteParameters } from "./messages.ts";

/** A statement of a library for SQLite. */
export interface HostStatement {
  run(...parameters: readonly unknown[]): unknown;
  get(...parameters: readonly unknown[]): unknown;
  all(...parameters: readonly unknown[]): unknown[];
  iterate(...parameters: readonly unknown[]): Iterator<unknown>;
}

/** A database of a library for SQLite. */
export interface HostDatabase {
  prepare(sql: string): HostStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

/** The rows of one answer: at most so many, and for at most so many ms. */
const chunkRows = 200;
const chunkTime = 20;

/** Ends the statement that runs, because its request was cancelled. */
class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/**
 * Serves the requests of the program in this thread or process.
 *
 * @param open Opens a database with the SQL function `check_cancelled()`, which calls `check` and is 1.
 */
export function serve(open: (request: OpenRequest, check: () => number) => HostDatabase): void {
  /** The number of the request to stop. Shared with the program, if this is a thread of it. */
  const stop: Int32Array | undefined = isMainThread ? undefined : workerData;
  let current = 0;
  let database: HostDatabase | undefined;
  let rows: Iterator<unknown> | undefined;
  const check = (): number => {
    if (stop !== undefined && Atomics.load(stop, 0) === current) throw new StoppedError();
    return 1;
  };

  const perform = ({ method, sql = "", parameters, open: request }: HostRequest): unknown => {
    if (method === "open" && request !== undefined) {
      database = open(request, check);
      if (request.setup !== undefined) database.exec(request.setup);
      return undefined;
    }
    if (database === undefined) throw new Error("the database is not open");
    if (method === "close") return void database.close();
    if (method === "return") return closeRows();
    check();
    if (method === "exec") return void database.exec(sql);
    if (method === "more") return nextChunk();
    const statement = database.prepare(sql);
    const given = toArguments(parameters);
    if (method === "run") return statement.run(...given);
    if (method === "get") return statement.get(...given);
    if (method === "all" && stop === undefined) return statement.all(...given);
    rows = statement.iterate(...given);
    return method === "all" ? allRows() : nextChunk();
  };
  const allRows = (): unknown[] => {
    const all: unknown[] = [];
    for (let chunk = nextChunk(); ; chunk = nextChunk()) {
      for (const row of chunk.rows) all.push(row);
      if (chunk.isLast) return all;
    }
  };
  const nextChunk = (): Chunk => {
    const until = performance.now() + chunkTime;
    const taken: unknown[] = [];
    while (taken.length < chunkRows && performance.now() < until) {
      check();
      const next = rows?.next();
      if (next === undefined || next.done) {
        rows = undefined;
        return { rows: taken, isLast: true };
      }
      taken.push(next.value);
    }
    return { rows: taken, isLast: false };
  };
  const closeRows = (): void => {
    rows?.return?.();
    rows = undefined;
  };

  const send = toProgram((request: HostRequest) => {
    const { number } = request;
    current = number;
    let answer: HostAnswer;
    try {
      answer = { number, value: perform(request) };
    } catch (error) {
      closeRows(); // an open query would keep the database busy
      answer = { number, error: toHostError(error), isStopped: error instanceof StoppedError };
    }
    send(answer);
  });
}

/** Calls `onRequest` with each request of the program. Returns the function that answers. */
function toProgram(onRequest: (request: HostRequest) => void): (answer: HostAnswer) => void {
  if (parentPort !== null) {
    const port = parentPort;
    port.on("message", onRequest);
    return (answer) => port.postMessage(answer);
  }
  process.on("message", (request) => onRequest(request as HostRequest)); // no other code has the channel
  process.on("disconnect", () => process.exit()); // the program has ended
  return (answer) => process.send?.(answer);
}

function toArguments(parameters: SqliteParameters | undefined): readonly unknown[] {
  if (parameters === undefined) return [];
  return Array.isArray(parameters) ? parameters : [parameters];
}

function toHostError(error: unknown): HostError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  // On Bun this field is not enumerable.
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return { name, message, stack, fields: { ...(error as object), ...(code !== undefined && { code }) } };
}
