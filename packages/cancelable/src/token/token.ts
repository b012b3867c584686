import { captureContext } from "#platform/ambient";
import { invalidType, outOfRange, requireFunction } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import { ambientClock } from "../runtime/ambient-clock.ts";
import { UsageError } from "../usage-error.ts";
import { onAbort, requireSignal } from "./abort-signal.ts";
import { type CancelOptions, cancelNode } from "./cancel.ts";
import { copyOf, follow, Link } from "./follow.ts";
import { FollowingNode } from "./following-node.ts";
import { TimeoutNode } from "./timeout-node.ts";
import { TokenNode } from "./token-node.ts";
import { type CancelNode, Waiter } from "./tree.ts";
import { announce } from "./wave.ts";

/** Calls a user's callback after the wave has marked all nodes (T4). */
class CallbackWaiter extends Waiter {
  readonly #call: () => void;
  constructor(call: () => void) {
    super();
    this.#call = call;
  }
  override reached(): void {
    announce(this.#call);
  }
}

/** Settles the promise of {@link CancellationToken.waitForCancel}. */
class CancelWaiter extends Waiter {
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  constructor(resolve: () => void, reject: (error: unknown) => void) {
    super();
    this.#resolve = resolve;
    this.#reject = reject;
  }
  override reached(): void {
    this.#resolve();
  }
  override nodeClosed(above: CancelNode | undefined): void {
    if (above === undefined) this.#reject(new UsageError("ERR_CLOSED", "The token"));
  }
}

function closedNode(): TokenNode {
  const node = new TokenNode();
  node.close();
  return node;
}

/**
 * @internal Calls `callback` once when a cancellation reaches `node`, in the async context of this call. Calls it
 * immediately if the node is already cancelled. An error of the callback goes to the reporter.
 */
export function subscribe(node: CancelNode, callback: () => void, source: string): Disposable {
  const guarded = (): void => {
    try {
      callback();
    } catch (error) {
      report(error, source);
    }
  };
  if (node.pending() !== undefined) {
    guarded();
    return { [Symbol.dispose]() {} };
  }
  const inContext = captureContext();
  let disposed = false;
  const waiter = new CallbackWaiter(() => {
    // A callback that ran earlier in this wave can have disposed of this one.
    if (!disposed) inContext(guarded);
  });
  node.wait(waiter);
  return {
    [Symbol.dispose]() {
      disposed = true;
      waiter.remove();
    },
  };
}

/**
 * A switch that is cancelled at most once, with a reason, a message and a time. Any number of operations can share
 * one token.
 *
 * @example
 * ```ts
 * import { CancellationToken } from "@hother/cancelable";
 *
 * const token = new CancellationToken();
 * using subscription = token.onCancel((t) => console.log(`stopped: ${t.message}`));
 * token.cancel("shutdown", "deploying");
 * console.assert(token.isCancelled && token.signal.aborted);
 * ```
 */
export class CancellationToken {
  /** @internal */
  readonly node: CancelNode;
  #id: string | undefined;
  #cancelledAt: Date | undefined;
  #cancelled: Promise<void> | undefined;

  constructor();
  /** @internal A handle on an existing node: cancelling the token cancels the node, and the reverse. */
  constructor(node: CancelNode);
  constructor(node?: CancelNode) {
    this.node = node ?? new TokenNode();
  }

  /** A token that is never cancelled: a closed one, for a default. It keeps no callback. */
  static readonly none: CancellationToken = new CancellationToken(closedNode());

  /** A UUID, created on first use. */
  get id(): string {
    this.#id ??= crypto.randomUUID();
    return this.#id;
  }

  get isCancelled(): boolean {
    return this.node.pending() !== undefined;
  }

  get reason(): CancellationReason | undefined {
    return this.node.pending()?.reason;
  }

  get message(): string | undefined {
    return this.node.pending()?.message;
  }

  get cancelledAt(): Date | undefined {
    const at = this.node.pending()?.at;
    if (at !== undefined) this.#cancelledAt ??= new Date(at);
    return this.#cancelledAt;
  }

  /** The cancellation's error, if there is one. Every waiter, {@link check} and the signal use this one object. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /** An `AbortSignal` that is aborted when the token is cancelled. It is created on first use. */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /**
   * Cancels the token synchronously: when this returns, everything that depends on the token is cancelled.
   *
   * @param reason A word of the library or of the application. Default: `"manual"`.
   * @returns false, without any effect, if the token is already cancelled.
   */
  cancel(reason?: CancellationReason, message?: string, options?: CancelOptions): boolean {
    return cancelNode(this.node, this.cancel, reason, message, options) === true;
  }

  /** Throws {@link error} if the token is cancelled. */
  check(): void {
    this.node.check();
  }

  /**
   * Calls `callback` once when the token is cancelled, in the async context of this call. Calls it immediately if the
   * token is already cancelled. If a callback throws, its error goes to the reporter; the other callbacks still run.
   * Disposing removes the callback.
   */
  onCancel(callback: (token: this) => void): Disposable {
    requireFunction(callback, "callback");
    return subscribe(this.node, () => callback(this), "an onCancel callback of a token");
  }

  /**
   * Resolves when the token is cancelled. Not a checkpoint: to end the wait with the ambient scope, use
   * `waitFor(token.waitForCancel())`. Every call returns the same promise.
   *
   * @throws UsageError `ERR_CLOSED` if the token is closed before it is cancelled.
   */
  waitForCancel(): Promise<void> {
    this.#cancelled ??= this.isCancelled
      ? Promise.resolve()
      : new Promise((resolve, reject) => this.node.wait(new CancelWaiter(resolve, reject)));
    return this.#cancelled;
  }

  /** Whether {@link close} was called. For the token of an operation: whether the operation has ended. */
  get isClosed(): boolean {
    return this.node.isClosed;
  }

  /**
   * Ends the use of the token: from now on `cancel` returns false. The callbacks, the links to other tokens and signals,
   * and the timer of the token are removed, and {@link waitForCancel} rejects. A cancelled token stays cancelled.
   *
   * @throws UsageError `ERR_OWNED` for the token of an operation.
   */
  close(): void {
    if (!(this.node instanceof TokenNode)) throw new UsageError("ERR_OWNED", "The token");
    this.node.close();
  }

  /**
   * Creates a token that is cancelled with the reason `timeout` when `span` has passed on the clock of the backend. With a
   * span of 0 or less, the token is already cancelled. The timer keeps the process alive until then; {@link close} removes it.
   *
   * @param span Milliseconds, a `Duration`, or `null` for no limit.
   * @throws TypeError or RangeError if `span` is not a time span.
   * @example
   * ```ts
   * import { CancellationToken } from "@hother/cancelable";
   *
   * const stop = new CancellationToken();
   * const limit = CancellationToken.withTimeout({ seconds: 30 });
   * const either = CancellationToken.anyOf(stop, limit);
   * stop.cancel("shutdown");
   * console.assert(either.reason === "shutdown");
   * limit.close();
   * ```
   */
  static withTimeout(span: Span): CancellationToken {
    return new CancellationToken(new TimeoutNode(ambientClock(), toMilliseconds(span, "span")));
  }

  /**
   * Creates a token that is cancelled when the first of `tokens` is, with its reason and message. The error of this token
   * becomes the `cause`. A closed token counts as one that is never cancelled.
   *
   * @throws RangeError without an argument, TypeError for an argument that is not a token.
   */
  static anyOf(...tokens: readonly CancellationToken[]): CancellationToken {
    requireTokens(tokens);
    const any = new CancellationToken(new FollowingNode());
    const { node } = any;
    for (const token of tokens) follow(node, token.node, (cancellation) => node.cancel(copyOf(cancellation)));
    return any;
  }

  /**
   * Creates a token that is cancelled when all of `tokens` are, with the reason and message of the last one. The error of
   * this token becomes the `cause`.
   *
   * @throws RangeError without an argument, TypeError for an argument that is not a token.
   */
  static allOf(...tokens: readonly CancellationToken[]): CancellationToken {
    requireTokens(tokens);
    const all = new CancellationToken(new FollowingNode());
    const { node } = all;
    let missing = tokens.length;
    for (const token of tokens) {
      follow(node, token.node, (cancellation) => {
        if (--missing === 0) node.cancel(copyOf(cancellation));
      });
    }
    return all;
  }

  /**
   * Creates a token that is cancelled when `signal` is aborted. If the signal's reason is an error of this library, its
   * reason and message are kept. Otherwise the reason is `timeout` for a `TimeoutError` and `manual` for anything else.
   * The signal's reason becomes the `cause` of {@link error}. Disposing removes the listener from the signal.
   */
  static from(signal: AbortSignal): CancellationToken & Disposable {
    requireSignal(signal, "signal");
    const token = new CancellationToken();
    const subscription = onAbort(signal, (cancellation) => token.node.cancel(cancellation));
    // A token that is already cancelled or closed does not need the signal.
    const stop = (): void => subscription[Symbol.dispose]();
    const end = new Link(() => announce(stop), stop);
    if (!token.isCancelled) token.node.wait(end);
    return Object.assign(token, {
      [Symbol.dispose]() {
        end.remove();
        subscription[Symbol.dispose]();
      },
    });
  }

  toString(): string {
    return `CancellationToken(${this.id.slice(0, 8)}, ${this.isCancelled ? `cancelled: ${this.reason}` : this.isClosed ? "closed" : "active"})`;
  }
}
markCopy(CancellationToken);

export function requireToken(token: unknown, argument: string): asserts token is CancellationToken {
  if (!(token instanceof CancellationToken)) throw invalidType(argument, "a CancellationToken", token);
}

function requireTokens(tokens: readonly CancellationToken[]): void {
  if (tokens.length === 0) throw outOfRange("tokens", "at least one CancellationToken", tokens);
  for (const [index, token] of tokens.entries()) requireToken(token, `tokens[${index}]`);
}
