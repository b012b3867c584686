import { invalidType, outOfRange, requireBoolean, requireFunction, requireOptions } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import { type Clock } from "../runtime/clock.ts";
import { requireReason } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { withoutCancellation } from "./absorb.ts";
import { currentNode, enter } from "./ambient.ts";
import { ScopeNode } from "./scope-node.ts";
import { sleepIn } from "./sleeper.ts";
import { waitIn } from "./waiting.ts";

/** What can be given as an explicit parent: a `CancelScope`, a group's scope or a `Cancellable`. */
export interface ScopeParent {
  readonly signal: AbortSignal;
  readonly isCancelled: boolean;
  check(): void;
  /** @internal */
  readonly node: ScopeNode;
}

/** Where a scope hangs. */
export interface ParentOption {
  /** The scope or operation above. Default: the ambient one. Needed on hosts without AsyncLocalStorage. */
  readonly parent?: ScopeParent;
}

export interface CancelScopeOptions extends ParentOption {
  /** Time allowed, counted from {@link CancelScope.run}. Default: no limit. */
  readonly timeout?: Span;
  /** Absolute deadline in milliseconds of the backend's clock, as {@link currentDeadline} gives it. Not with `timeout`. */
  readonly deadline?: number;
  /** Whether cancellation from outside is kept out. Default: false. */
  readonly shield?: boolean;
}

export function requireParent(parent: ScopeParent): void {
  if (!((parent as ScopeParent | undefined)?.node instanceof ScopeNode)) {
    throw invalidType("options.parent", "a Cancellable or a CancelScope", parent);
  }
}

/** The node of a parent that the user gave, unless it has ended. */
export function explicitParent(parent: ScopeParent): ScopeNode {
  requireParent(parent);
  if (parent.node.phase === "closed") throw new UsageError("ERR_PARENT_ENDED", "options.parent");
  return parent.node;
}

/** The open node that a new scope goes below. */
export function parentNode(options: ParentOption | undefined): ScopeNode {
  const parent = options?.parent;
  return parent === undefined ? currentNode() : explicitParent(parent);
}

/**
 * A region of running code that can be cancelled as a whole: with a deadline, a shield, and everything
 * below it. The rules are those of trio's `CancelScope`.
 *
 * @example
 * ```ts
 * import { CancelScope, sleep } from "@hother/cancelable";
 *
 * const scope = new CancelScope({ timeout: 10 });
 * await scope.run(() => sleep({ minutes: 5 }));
 * console.assert(scope.cancelCalled && scope.cancelledCaught);
 * ```
 */
export class CancelScope {
  /** @internal */
  readonly node: ScopeNode;
  readonly #span: number | undefined;
  readonly #options: CancelScopeOptions | undefined;
  #caught = false;

  constructor(options?: CancelScopeOptions);
  /** @internal For a scope whose place is known: `span` in ms instead of `options.timeout`; over a node that exists. */
  constructor(options: CancelScopeOptions | undefined, clock: Clock, span?: number, node?: ScopeNode);
  constructor(options?: CancelScopeOptions, clock?: Clock, span?: number, node?: ScopeNode) {
    requireOptions(options);
    this.node = node ?? new ScopeNode(clock ?? currentNode().clock);
    this.#options = options;
    this.#span = span;
    if (options === undefined) return;
    const { timeout, deadline, shield } = options;
    if (timeout !== undefined) {
      if (deadline !== undefined)
        throw outOfRange("options", "given a timeout or a deadline, not both", options);
      this.#span = toMilliseconds(timeout, "options.timeout");
    }
    if (deadline !== undefined) this.node.at = requireDeadline(deadline, "options.deadline");
    if (shield !== undefined) {
      requireBoolean(shield, "options.shield");
      this.node.shielded = shield;
    }
  }

  /**
   * Runs `body` in this scope, once. Resolves with its value; with `undefined` if the scope was
   * cancelled and that ended the body. An outer cancellation passes through, and so does every other error.
   */
  run<T>(body: (scope: CancelScope) => T | PromiseLike<T>): Promise<T | undefined> {
    return this.execute(body, false);
  }

  /**
   * @internal As {@link run}; `fail` lets the scope's own cancellation out as an error. No async function:
   * a scope costs one promise beyond the body's, which is most of what it costs.
   */
  execute<T>(
    body: (scope: CancelScope) => T | PromiseLike<T>,
    fail: boolean,
    parent?: ScopeNode,
  ): Promise<T | undefined> {
    const { node } = this;
    let result: T | PromiseLike<T>;
    try {
      requireFunction(body, "body");
      if (node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", "CancelScope");
      node.open(parent ?? parentNode(this.#options), this.#span);
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      result = enter(node, body, this);
    } catch (error) {
      result = Promise.reject(error);
    }
    return (result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result)).then(
      (value) => this.#close(value),
      (error: unknown) => this.#leave(error, fail),
    );
  }

  #close<T>(value: T): T | Promise<T> {
    const { node } = this;
    if (node.live > 0) return node.empty().then(() => this.#close(value));
    node.close();
    return value;
  }

  /** Decides what an error becomes on its way out. */
  #leave(error: unknown, fail: boolean): undefined | Promise<undefined> {
    const { node } = this;
    if (node.live > 0) return node.abandonChildren().then(() => this.#leave(error, fail));
    node.close();
    const { own, shielded, parent } = node;
    if (own === undefined) throw error;
    const rest = withoutCancellation(error, own.error);
    if (!rest.absorbed) throw rest.error;
    // Cancelled from further out as well: that one is not ours to absorb (trio: the outermost catches).
    const above = shielded ? undefined : parent?.pending();
    if (above !== undefined) throw above.error;
    this.#caught = true;
    if (fail) throw own.error;
    return undefined;
  }

  /** Cancels everything in the scope, at once. False if it was cancelled before. */
  cancel(reason: CancellationReason = "manual", message?: string): boolean {
    requireReason(reason, message);
    if (this.node.phase === "new") this.#noticeDeadline();
    return this.node.cancelFor(reason, message);
  }

  /** Whether cancellation of this scope was asked for, by {@link cancel} or by its deadline. */
  get cancelCalled(): boolean {
    this.#noticeDeadline();
    return this.node.own !== undefined;
  }

  /** Whether this scope absorbed its own cancellation when it ended. */
  get cancelledCaught(): boolean {
    return this.#caught;
  }

  /** Whether a checkpoint in the scope would throw: it, or what is above it, is cancelled. */
  get isCancelled(): boolean {
    return this.node.pending() !== undefined;
  }

  /** What a checkpoint in the scope would throw. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /** An `AbortSignal` that is aborted when the scope is cancelled; inside a shield, not by what is outside. */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /**
   * The scope's own deadline, in milliseconds of the backend's clock; Infinity for none. May be moved
   * while the scope runs; what has expired stays expired.
   */
  get deadline(): number {
    if (this.#span !== undefined && this.node.phase === "new") {
      throw new UsageError("ERR_RELATIVE_DEADLINE", "CancelScope");
    }
    return this.node.at;
  }

  set deadline(at: number) {
    if (this.#span !== undefined && this.node.phase === "new") {
      throw new UsageError("ERR_RELATIVE_DEADLINE", "CancelScope");
    }
    this.node.setDeadline(requireDeadline(at, "deadline"));
  }

  get shield(): boolean {
    return this.node.shielded;
  }

  /** Turning it off lets a cancellation that waits outside in, at once. */
  set shield(on: boolean) {
    requireBoolean(on, "shield");
    this.node.setShielded(on);
  }

  /** Throws if the scope is cancelled. */
  check(): void {
    this.node.check();
  }

  /** {@link sleep}, in this scope whatever the ambient one is. */
  sleep(span: Span): Promise<void> {
    return sleepIn(this.node, span);
  }

  /** {@link waitFor}, in this scope whatever the ambient one is. */
  waitFor<T>(work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
    return waitIn(this.node, work);
  }

  /** A deadline may pass before the scope is entered (and stays passed: `cancelCalled` of trio). */
  #noticeDeadline(): void {
    const { node } = this;
    if (node.phase !== "closed" && node.own === undefined && node.at <= node.clock.now()) node.due();
  }
}

export function requireDeadline(at: unknown, argument: string): number {
  if (typeof at !== "number") throw invalidType(argument, "a number of milliseconds", at);
  if (Number.isNaN(at)) throw outOfRange(argument, "a number of milliseconds", at);
  return at;
}
