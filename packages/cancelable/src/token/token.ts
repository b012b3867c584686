import { captureContext } from "#platform/ambient";
import { invalidType, requireFunction } from "../arguments.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import { onAbort, requireSignal } from "./abort-signal.ts";
import { type CancelOptions, cancelNode } from "./cancel.ts";
import { CancelNode, Waiter } from "./tree.ts";
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

/** Resolves the promise of {@link CancellationToken.waitForCancel}. */
class CancelWaiter extends Waiter {
  readonly #resolve: () => void;
  constructor(resolve: () => void) {
    super();
    this.#resolve = resolve;
  }
  override reached(): void {
    this.#resolve();
  }
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
    this.node = node ?? new CancelNode();
  }

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
   * Resolves when the token is cancelled. Never rejects, and is not a checkpoint: to end the wait with the ambient scope,
   * use `waitFor(token.waitForCancel())`. Every call returns the same promise.
   */
  waitForCancel(): Promise<void> {
    this.#cancelled ??= this.isCancelled
      ? Promise.resolve()
      : new Promise((resolve) => this.node.wait(new CancelWaiter(resolve)));
    return this.#cancelled;
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
    // A token that is already cancelled does not need the signal.
    const end = token.onCancel(() => subscription[Symbol.dispose]());
    return Object.assign(token, {
      [Symbol.dispose]() {
        end[Symbol.dispose]();
        subscription[Symbol.dispose]();
      },
    });
  }

  toString(): string {
    return `CancellationToken(${this.id.slice(0, 8)}, ${this.isCancelled ? `cancelled: ${this.reason}` : "active"})`;
  }
}

export function requireToken(token: unknown, argument: string): asserts token is CancellationToken {
  if (!(token instanceof CancellationToken)) throw invalidType(argument, "a CancellationToken", token);
}
