import {
  CancellationError,
  CancelScope,
  currentOperation,
  currentScope,
  isCancellation,
  UsageError,
} from "@hother/cancelable";
import { addToOperation } from "../http/open-exchanges.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { type RawClient, type RawStatement, transactionStatus } from "./raw-client.ts";
import { type RunOptions, runOnClient } from "./run-on-client.ts";

/** The part of one kind of statement in a {@link StreamRun}. */
export interface StreamPart {
  /** Whether the statement ends by itself, because its user has given it everything. */
  readonly isFinishing: boolean;
  /**
   * Ends what waits for the user, for example by closing an idle cursor, because no request to the server does so. Called
   * with each request. Returns whether the user now misses something, although the server may end the statement well.
   */
  stop(error: CancellationError): boolean;
  /**
   * Ends the statement without an error of the server, which would undo the transaction around it. The part that runs now ends
   * first. Returns false if that is not possible.
   */
  closeGently?(): boolean;
  /** Asks the server to go on after an error, if the statement itself does so only in its `handleError`. */
  afterError?(): void;
  /** Gives the user the error of a statement that was stopped. The statement may know the error already. */
  fail(error: unknown): void;
}

const runs = new WeakMap<object, StreamRun>();
const runsOfClient = new WeakMap<RawClient, Set<StreamRun>>();

/** The run of a cursor or a stream that was given to `query`. */
export function runOf(statement: object): StreamRun | undefined {
  return runs.get(statement);
}

/** Ends the cursors and streams of a client, which is given back to its pool. */
export function finishStreams(client: RawClient): void {
  for (const run of runsOfClient.get(client) ?? []) run.finish("its client was released");
}

/**
 * The life of a statement that its user reads or writes in parts: a cursor or a stream.
 * 1. It belongs to the scope and to the operation in which it was given to `query`. No scope waits for it.
 * 2. It ends with the server's end, with {@link stop} or {@link close}, or with its operation. The client is free then.
 * 3. After that the user gets an error, and never an end that looks like that of the data.
 */
export class StreamRun {
  /** Fulfilled when the statement and all requests to stop it have ended. */
  readonly over: Promise<void>;
  /** As {@link over}, but rejects with the error of the statement. A statement that was closed gently has none. */
  readonly result: Promise<void>;
  isOver = false;
  readonly #what: string;
  readonly #part: StreamPart;
  readonly #client: RawClient;
  readonly #home = currentScope();
  /** Stops the statement on the server. */
  readonly #scope = new CancelScope({ parent: null });
  /** Why the statement was stopped or closed. */
  #cause: { readonly error: unknown } | undefined;
  /** Whether the user misses something. */
  #isCut = false;
  #isGentle = false;

  constructor(
    what: string,
    part: StreamPart,
    client: RawClient,
    statement: RawStatement,
    options: RunOptions,
  ) {
    this.#what = what;
    this.#part = part;
    this.#client = client;
    runs.set(statement, this);
    const unfollow = this.followScope();
    const operation = currentOperation();
    const place =
      operation &&
      addToOperation(operation, {
        release: ({ error }) => {
          if (error === undefined) this.finish("its operation has ended; read it to its end, or close it");
          else this.stop(error);
        },
      });
    let ofClient = runsOfClient.get(client);
    if (ofClient === undefined) runsOfClient.set(client, (ofClient = new Set()));
    ofClient.add(this);
    const settled = this.#run(statement, options).finally(() => {
      this.isOver = true;
      unfollow();
      place?.[Symbol.dispose]();
      ofClient.delete(this);
    });
    this.over = settled.catch((error: unknown) => part.fail(error));
    this.result = settled.catch((error: unknown) => {
      if (!this.#isGentle) throw error;
    });
    this.result.catch(() => {}); // the statement tells its user
  }

  /** Stops the statement at once. The user gets `cause`, or a cancellation that leads to it. */
  stop(cause: unknown): void {
    if (this.isOver || this.#scope.isCancelled) return;
    this.#cause ??= { error: cause };
    if (isCancellation(cause)) this.#scope.cancel(cause.reason, cause.message, { cause });
    else this.#scope.cancel("error", `${this.#what} was stopped`, { cause });
  }

  /** Ends the statement for its user. A transaction around it goes on if that is possible. */
  close(cause: unknown): void {
    if (this.isOver || this.#cause !== undefined) return;
    this.#cause = { error: cause };
    if (transactionStatus(this.#client) === "T" && this.#part.closeGently?.()) {
      this.#isCut = true;
      this.#isGentle = true;
    } else this.stop(cause);
  }

  /** Ends the statement, unless it ends by itself, because `why`. */
  finish(why: string): void {
    const subject = this.#what.charAt(0).toUpperCase() + this.#what.slice(1);
    if (!this.#part.isFinishing) this.close(new UsageError("ERR_CLOSED", subject, why));
  }

  /** From now on a cancellation of the ambient scope stops the statement. Returns a function that ends this. */
  followScope(): () => void {
    const { error } = currentScope();
    if (error !== undefined) this.stop(error);
    return untilCancelled((reason) => this.stop(reason), this.#what);
  }

  /** Waits for the end of a statement that was stopped or closed, and throws its error. */
  async requireRunning(): Promise<void> {
    const { error } = this.#home;
    if (error !== undefined) this.stop(error); // before the listener of the scope was called
    if (this.#cause === undefined) return;
    await this.result;
    throw this.#cause.error;
  }

  async #run(statement: RawStatement, options: RunOptions): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    await this.#scope.run(async () => {
      try {
        await runOnClient(this.#client, statement, options, {
          beforeRequest: () => this.#cut(),
          afterError: () => this.#part.afterError?.(),
        });
      } catch (error) {
        failure = { error };
        this.#isGentle = false;
      }
    });
    const cause = this.#cause;
    if (failure === undefined) {
      if (cause !== undefined && this.#isCut) throw cause.error;
      return;
    }
    // The cancellation is that of the scope of this object. A cause that is no cancellation is known by itself.
    const isOwn = cause !== undefined && !isCancellation(cause.error) && isCancellation(failure.error);
    throw isOwn ? cause.error : failure.error;
  }

  #cut(): void {
    // Not cancelled, if the limit `query_timeout` of pg has passed.
    const error =
      this.#scope.error ?? new CancellationError("timeout", `the limit of ${this.#what} has passed`);
    if (this.#part.stop(error)) this.#isCut = true;
  }
}
