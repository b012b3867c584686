import { captureContext } from "#platform/ambient";
import { invalidType, requireFunction, requireText } from "../arguments.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import { onAbort, requireSignal } from "./abort-signal.ts";
import { Cancellation } from "./cancellation.ts";
import { announce, CancelNode, Waiter } from "./tree.ts";

const reasons: ReadonlySet<unknown> = new Set<CancellationReason>([
  "timeout",
  "manual",
  "signal",
  "condition",
  "parent",
  "error",
  "shutdown",
  "disconnect",
]);

/** Checks the arguments that every `cancel()` takes. */
export function requireReason(reason: unknown, message: unknown): void {
  if (!reasons.has(reason)) throw invalidType("reason", `one of ${[...reasons].join(", ")}`, reason);
  requireText(message, "message");
}

/** A callback of a user, called in the async context in which it was registered. */
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

/** @internal Calls `callback` when `node` is reached; at once if it has been. */
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
    // By a callback before this one, perhaps.
    if (!disposed) inContext(guarded);
  });
  node.wait(waiter);
  return {
    [Symbol.dispose]() {
      disposed = true;
      waiter.leave();
    },
  };
}

/** The node that the next token is a handle on; a parameter would be in the public constructor. */
let handed: CancelNode | undefined;

/** @internal A token of class `Class` that is a handle on `node`: what cancels one cancels the other. */
export function tokenOn<T extends CancellationToken>(Class: new () => T, node: CancelNode): T {
  handed = node;
  try {
    return new Class();
  } finally {
    handed = undefined;
  }
}

/**
 * A one-way switch: cancelled at most once, with a reason, a message and a time. Cheap, and shareable
 * by any number of operations.
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
  readonly node: CancelNode = handed ?? new CancelNode();
  #id: string | undefined;
  #cancelledAt: Date | undefined;

  /** A UUID, made when it is first looked at. */
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

  /** The one error object that every waiter, {@link check} and the signal see. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /** An `AbortSignal` that is aborted with this token; made on first use. */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /**
   * Cancels, synchronously: when this returns, everything that depends on the token is cancelled.
   *
   * @returns false, and without any effect, if it was cancelled before.
   */
  cancel(reason: CancellationReason = "manual", message?: string): boolean {
    requireReason(reason, message);
    return this.node.cancel(new Cancellation(reason, message));
  }

  /** Throws {@link error} if cancelled. */
  check(): void {
    this.node.check();
  }

  /**
   * Calls back once when cancelled, in the async context of now; at once if it was cancelled before.
   * A callback that throws is reported, and stops neither the others nor the canceller.
   */
  onCancel(callback: (token: this) => void): Disposable {
    requireFunction(callback, "callback");
    return subscribe(this.node, () => callback(this), "an onCancel callback of a token");
  }

  /** Resolves when cancelled. Never rejects, and is no checkpoint. */
  waitForCancel(): Promise<void> {
    if (this.isCancelled) return Promise.resolve();
    return new Promise((resolve) => this.node.wait(new CancelWaiter(resolve)));
  }

  /**
   * A token that is cancelled when `signal` is aborted (reason `timeout` for a `TimeoutError`, else
   * `manual`); the signal's own reason is the `cause` of {@link error}. Disposing takes the listener
   * off the signal.
   */
  static from(signal: AbortSignal): CancellationToken & Disposable {
    requireSignal(signal, "signal");
    const token = new CancellationToken();
    const subscription = onAbort(signal, (cancellation) => token.node.cancel(cancellation));
    // Cancelled by hand, it has no use for the signal any more.
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
