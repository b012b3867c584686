import { runStatement } from "../run-statement.ts";
import { type Host, type HostListener, processHost, threadHost } from "./host.ts";
import type { HostAnswer, HostError, HostRequest, OpenRequest } from "./messages.ts";

/** Where a database is open. */
export interface Place {
  readonly kind: "process" | "thread";
  /** The module that serves the requests. */
  readonly entry: URL;
  /** Flags of Node for the host. */
  readonly flags: readonly string[];
  readonly open: OpenRequest;
  /** In ms. */
  readonly cancelTimeout: number;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The host has ended while it ran a statement. */
export class SqliteHostError extends Error {
  override readonly name = "SqliteHostError";
  readonly code = "ERR_SQLITE_HOST_ENDED";
}

/** A statement that saw its cancellation. */
class StatementStopped extends Error {
  override readonly name = "StatementStopped";
}

/**
 * An open database in its host, until the host ends.
 * 1. At most one request runs.
 * 2. A stop names the number of its request, or ends the host: no other request is stopped.
 */
export class Session implements HostListener {
  readonly #host: Host;
  readonly #place: Place;
  #number = 0;
  #pending: Pending | undefined;
  #end: SqliteHostError | undefined;

  constructor(place: Place) {
    this.#place = place;
    const { kind, entry, flags } = place;
    this.#host = (kind === "process" ? processHost : threadHost)(entry, flags, this);
  }

  /** Whether the host takes requests. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Runs a request in the ambient scope. The request before must have settled. */
  run(request: Omit<HostRequest, "number">): Promise<unknown> {
    let number = 0;
    return runStatement(
      {
        what: "a statement of SQLite",
        send: () => {
          number = ++this.#number;
          return this.#send({ ...request, number });
        },
        cancel: async () => {
          if (this.#pending !== undefined && this.#number === number) await this.#host.stop(number);
        },
        isCancelled: (error) => error instanceof StatementStopped || error instanceof SqliteHostError,
        destroy: (error) => this.destroy(error),
      },
      this.#place.cancelTimeout,
    );
  }

  /** Ends the host. What runs in it gets `error`. */
  destroy(error: Error): void {
    this.#end ??= new SqliteHostError(error.message, { cause: error });
    this.#settle()?.reject(error);
    this.#host.end();
  }

  answered(answer: HostAnswer): void {
    const pending = this.#settle();
    if ("value" in answer) pending?.resolve(answer.value);
    else
      pending?.reject(
        answer.isStopped ? new StatementStopped("The statement was stopped") : toError(answer.error),
      );
  }

  ended(how: string): void {
    this.#end ??= new SqliteHostError(`The ${this.#place.kind} of the database has ended ${how}`);
    this.#settle()?.reject(this.#end);
  }

  #send(request: HostRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      this.#pending = { resolve, reject };
      this.#host.hold(true);
      try {
        this.#host.post(request);
      } catch (error) {
        this.#settle();
        reject(error); // for example a value that cannot be copied
      }
    });
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#host.hold(false);
    return pending;
  }
}

/** The error of SQLite, with its fields, such as `code`. */
function toError({ name, message, stack, fields }: HostError): Error {
  const error = new Error(message);
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  if (stack !== undefined)
    Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return Object.assign(error, fields);
}
