import {
  type Cancellable,
  type CancellationReason,
  CancellationToken,
  moveOnAfter,
  type Span,
  shield,
  waitFor,
} from "@hother/cancelable";
import {
  type KnownOptions,
  requireKnownOptions,
  requireText,
  toMilliseconds,
} from "@hother/cancelable/extending";

/** The options of {@link SocketConnections.close}. */
export interface CloseOptions {
  /** The reason of the cancellation. Default: `"shutdown"`. */
  readonly reason?: CancellationReason | undefined;
  /** The message of the cancellation. Default: that of the reason. */
  readonly message?: string | undefined;
  /** The time for the handlers to end and for the clients to close, in ms or as a `Duration`. Default: 5 s. */
  readonly grace?: Span | undefined;
}

const known: KnownOptions<CloseOptions> = { reason: 1, message: 1, grace: 1 };

/** The used members of a connection. */
interface OpenConnection {
  readonly operation: Cancellable;
  readonly host: { terminate(): void };
  readonly ended: Promise<unknown>;
}

/** The open connections of a server for sockets. */
export class SocketConnections implements AsyncDisposable {
  readonly #open = new Set<OpenConnection>();
  /** @internal Whether {@link close} was called. */
  isClosed = false;

  /** The number of connections whose socket is open or whose handlers run. */
  get size(): number {
    return this.#open.size;
  }

  /** @internal */
  add(connection: OpenConnection): void {
    this.#open.add(connection);
    void connection.ended.then(() => this.#open.delete(connection));
  }

  /**
   * Cancels the operations of all connections, which closes their sockets. A connection that comes later is closed at once. Resolves when the
   * handlers have ended and the sockets are closed; a socket that is still open after the grace is closed at once. The server
   * itself is not closed.
   *
   * @throws TypeError or RangeError for a wrong option; nothing is cancelled then.
   */
  async close(options?: CloseOptions): Promise<void> {
    requireKnownOptions(options, known, "close");
    const { reason = "shutdown", message, grace = 5_000 } = options ?? {};
    requireText(message, "options.message");
    new CancellationToken().cancel(reason, message); // throws for a reason that is no word
    const ms = toMilliseconds(grace, "options.grace");
    this.isClosed = true;
    const open = [...this.#open];
    for (const { operation } of open) operation.cancel(reason, message);
    const ended = Promise.all(open.map((connection) => connection.ended));
    // Also as the clean-up of a program that a signal has cancelled.
    await shield(() => moveOnAfter(ms, () => waitFor(ended)));
    for (const { host } of this.#open) host.terminate();
  }

  /** As {@link close}, without options. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
