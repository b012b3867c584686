import { outOfRange } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import { onAbort, requireSignal } from "../token/abort-signal.ts";
import { type CancelOptions, cancelNode, requireCancelArguments } from "../token/cancel.ts";
import { Link } from "../token/follow.ts";
import { LinkedCancellationToken } from "../token/linked.ts";
import { announce } from "../token/wave.ts";
import { attachedNode, rememberNode } from "./attached.ts";
import { handleOf, requireHandle, type SharedTokenHandle } from "./handle.ts";
import { fitMessage, maxMessageBytes, maxReasonLength } from "./record.ts";
import { SharedNode } from "./shared-node.ts";
import { slabOf } from "./slabs.ts";
import { type OwnPlace, takePlace } from "./slots.ts";

/**
 * A token that every thread can cancel and check, also in a loop that never yields. It is a token of the tree: use it
 * wherever a `CancellationToken` can be used. An operation that follows it is cancelled at its next checkpoint, before any
 * event arrives.
 *
 * Another thread gets {@link handle} in a message and calls {@link SharedCancellationToken.attach}. Nothing of the token
 * keeps a thread or the process alive.
 *
 * @example
 * ```ts
 * import { SharedCancellationToken } from "@hother/cancelable/threads";
 *
 * using token = new SharedCancellationToken();
 * // The other thread: SharedCancellationToken.attach(handle), where the message contains the handle.
 * const elsewhere = SharedCancellationToken.attach(structuredClone(token.handle));
 * elsewhere.cancel("shutdown", "deploying");
 * console.assert(token.isCancelled && token.message === "deploying");
 * ```
 */
export class SharedCancellationToken extends LinkedCancellationToken implements Disposable {
  /** The longest message that other threads see, in bytes of UTF-8. A longer message is cut at the end of a character. */
  static readonly maxMessageBytes: number = maxMessageBytes;
  /** The longest reason, in characters. */
  static readonly maxReasonLength: number = maxReasonLength;

  readonly #node: SharedNode;
  /** Undefined for a token that was created in another thread. */
  readonly #own: OwnPlace | undefined;
  #handle: SharedTokenHandle | undefined = undefined;
  #isDone = false;

  /**
   * Creates a token. The thread that creates it ends it with `using` or {@link close}.
   *
   * @throws UsageError `ERR_UNSUPPORTED_HOST` in a page that is not cross-origin isolated. The message names the headers.
   */
  constructor();
  /** @internal For {@link attach}. */
  constructor(node: SharedNode);
  constructor(attached?: SharedNode) {
    const own = attached === undefined ? takePlace() : undefined;
    const node = attached ?? new SharedNode(own as OwnPlace); // one of them is defined
    super(node);
    this.#node = node;
    this.#own = own;
    node.holders++;
  }

  /**
   * The token of another thread. Several tokens of one thread for the same handle are cancelled together.
   *
   * @throws TypeError or RangeError for a value that is not the handle of a token. UsageError `ERR_OTHER_VERSION` for the handle
   * of another version of this library.
   */
  static attach(handle: SharedTokenHandle): SharedCancellationToken {
    requireHandle(handle);
    const { memory, slot, generation } = handle;
    return new SharedCancellationToken(attachedNode({ slab: slabOf(memory), slot, generation }));
  }

  /** Creates a shared token that is cancelled when `signal` is aborted, as `CancellationToken.from` does. */
  static override from(signal: AbortSignal): SharedCancellationToken {
    requireSignal(signal, "signal");
    const token = new SharedCancellationToken();
    const subscription = onAbort(signal, (cancellation) => token.#node.cancel(cancellation));
    const stop = (): void => subscription[Symbol.dispose]();
    if (!token.isCancelled) token.#node.wait(new Link(() => announce(stop), stop));
    return token;
  }

  /** The object with which another thread calls {@link attach}. */
  get handle(): SharedTokenHandle {
    if (this.#handle === undefined) {
      this.#handle = handleOf(this.#node.place);
      rememberNode(this.#node);
    }
    return this.#handle;
  }

  /**
   * Cancels the token in all threads. In this thread the cancel is synchronous: when it returns, everything that depends on
   * the token is cancelled. In another thread a check sees it at once, and waits, callbacks and signals are told by an event.
   *
   * @param reason A word of the library or of the application, of at most {@link maxReasonLength} characters. Default:
   * `"manual"`.
   * @param message Cut to {@link maxMessageBytes}.
   * @param options.cause The `cause` of the error in this thread. Other threads do not see it.
   * @returns true for the one call, of all threads, that cancelled the token.
   */
  override cancel(reason: CancellationReason = "manual", message?: string, options?: CancelOptions): boolean {
    requireCancelArguments(reason, message);
    if (reason.length > maxReasonLength)
      throw outOfRange("reason", `a word of at most ${maxReasonLength} characters`, reason);
    // Takes over the cancel of another thread, if there was one, before an error for this one is created.
    this.#node.pending();
    const fitting = message === undefined ? undefined : fitMessage(message);
    return cancelNode(this.#node, this.cancel, reason, fitting, options) === true;
  }

  /** Throws the error of the cancellation if the token is cancelled. Made for tight loops: it reads one word. */
  override check(): void {
    this.#node.check();
  }

  /**
   * Ends the use of the token in this thread, as `close` of every token does. In the thread that created the token, the
   * token ends for all threads: everything that still depends on it in another thread is cancelled with the reason `ended`. A
   * thread that looks only after the memory was given to another token sees `ended` too, also if the token was cancelled before.
   *
   * Several tokens of one thread for one handle are closed together, when the last of them is.
   */
  override close(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const node = this.#node;
    const isLast = --node.holders === 0;
    if (this.#own !== undefined) {
      const wasOpen = this.#own.end();
      // Another thread can have cancelled it meanwhile. A cancelled token stays cancelled.
      if (!wasOpen) node.pending();
      node.close();
    } else if (isLast) node.close();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  override toString(): string {
    return super.toString().replace("Cancellation", "SharedCancellation");
  }
}
