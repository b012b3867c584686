import { withoutCancellation } from "../absorb.ts";
import { invalidType, outOfRange, requireBoolean, requireFunction } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import { type Span, toEpoch, toMilliseconds } from "../duration.ts";
import type { CancellationError, CancellationReason } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type Clock } from "../runtime/clock.ts";
import { type CancelOptions, cancelNode } from "../token/cancel.ts";
import { UsageError } from "../usage-error.ts";
import { adopted } from "./adopted.ts";
import { ambientNode, enter } from "./ambient.ts";
import { emptyStack, releaseIfOverflow, type Unclosed, unclosed } from "./empty-stack.ts";
import { afterTurn } from "./fair-turn.ts";
import { LinkedNode } from "./linked-node.ts";
import { openFrom, ScopeNode } from "./scope-node.ts";
import { parentNode, type ScopeOptions, scopeOptions } from "./scope-options.ts";
import { sleepIn } from "./sleeper.ts";
import { waitIn } from "./waiting.ts";

function newNode(clock: Clock, options: ScopeOptions | undefined): ScopeNode {
  const isPlain =
    options === undefined ||
    (options.token === undefined && options.signal === undefined && options.name === undefined);
  return isPlain ? new ScopeNode(clock) : new LinkedNode(clock, options);
}

/**
 * A region of running code that is cancelled as a whole, together with everything that was started in it. It can have
 * a deadline and a shield. The rules are those of trio's `CancelScope`.
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
export class CancelScope implements Unclosed {
  /** @internal */
  readonly node: ScopeNode;
  readonly #span: number | undefined;
  readonly #options: ScopeOptions | undefined;
  #caught = false;

  constructor(options?: ScopeOptions);
  /**
   * @internal For callers that know the clock and have checked the options. `span` is a further timeout, in ms; `node` is an existing node.
   */
  constructor(options: ScopeOptions | undefined, clock: Clock, span?: number, node?: ScopeNode);
  constructor(options?: ScopeOptions, clock?: Clock, span?: number, node?: ScopeNode) {
    if (clock === undefined) requireKnownOptions(options, scopeOptions, "CancelScope");
    this.node = node ?? newNode(clock ?? ambientNode().clock, options);
    this.#options = options;
    this.#span = span;
    if (options === undefined) return;
    const { timeout, deadline, shield } = options;
    if (timeout !== undefined)
      this.#span = Math.min(span ?? Number.POSITIVE_INFINITY, toMilliseconds(timeout, "options.timeout"));
    if (deadline !== undefined) {
      const left = toEpoch(deadline, "options.deadline") - this.node.clock.runtime.epoch();
      this.node.at = this.node.clock.now() + left;
    }
    if (shield !== undefined) {
      requireBoolean(shield, "options.shield");
      this.node.shielded = shield;
    }
  }

  /**
   * Runs `body` in this scope. A scope runs once. Resolves with the value of `body`, or with `undefined` if the
   * cancellation of this scope ended the body. Every other error is thrown, and so is an outer cancellation.
   */
  run<T>(body: (scope: CancelScope) => T | PromiseLike<T>): Promise<T | undefined> {
    return this.execute(body, false);
  }

  /**
   * @internal As {@link run}. With `fail`, the scope's own cancellation is thrown and not absorbed. This is not an
   * async function, because promises are the main cost of a scope: this way it creates one in addition to the promise
   * of the body.
   */
  execute<T>(
    body: (scope: CancelScope) => T | PromiseLike<T>,
    fail: boolean,
    parent?: ScopeNode,
  ): Promise<T | undefined> {
    const { node } = this;
    let begun = false;
    try {
      requireFunction(body, "body");
      if (node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", "CancelScope");
      const above = parent ?? parentNode(this.#options);
      begun = true;
      node.open(above, this.#span);
      if (this.#isBornDue) node.due();
      const result = adopted(node, enter(node, body, this));
      return (result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result)).then(
        (value) => this.#completed(value),
        (error: unknown) => this.#failed(error, fail),
      );
    } catch (error) {
      const reject = (): Promise<never> => Promise.reject(error);
      if (!begun) return emptyStack.then(reject);
      try {
        const ended: Promise<undefined> = emptyStack.then(() => {
          releaseIfOverflow(ended, error);
          return this.#failed(error, fail);
        });
        return ended;
      } catch {
        /* v8 ignore start -- @preserve a stack that is used up: a test runs this in a process of its own */
        unclosed.places[unclosed.count++] = this;
        throw error;
        /* v8 ignore stop */
      }
    }
  }

  /** Whether the deadline has passed before the scope is entered. A time span above 0 needs no look at the clock. */
  get #isBornDue(): boolean {
    const { at, clock, own } = this.node;
    if (own !== undefined) return false;
    return this.#span === undefined ? at !== Number.POSITIVE_INFINITY && at <= clock.now() : this.#span <= 0;
  }

  /* v8 ignore next -- @preserve a stack that is used up: a test runs this in a process of its own */
  /** @internal */
  closeUnclosed(): void {
    this.node.close();
  }

  /** @internal For a task group, which absorbs the cancellation of its scope itself. */
  absorbed(): void {
    this.#caught = true;
  }

  /** @internal For a task group, which runs its body itself. */
  open(parent: ScopeNode): void {
    this.node.open(parent, this.#span);
  }

  #completed<T>(value: T): T | Promise<T> {
    const { node } = this;
    if (node.live > 0) return node.empty().then(() => this.#completed(value));
    node.close();
    const { clock } = node;
    // A scope with a deadline has read the clock when it was opened.
    const isTurnDue = clock.isTurnDue(this.#span === undefined ? clock.now() : clock.latest);
    return isTurnDue ? afterTurn(node, value) : value;
  }

  /** Absorbs the error of the body if it is the cancellation of this scope, and throws it otherwise. */
  #failed(error: unknown, fail: boolean): undefined | Promise<undefined> {
    const { node } = this;
    if (node.live > 0) return node.cancelChildren().then(() => this.#failed(error, fail));
    node.close();
    const { own, shielded, parent } = node;
    if (own === undefined) throw error;
    const rest = withoutCancellation(error, own.error);
    // If an outer scope is cancelled as well, the outermost cancelled scope absorbs (as in trio).
    const above = shielded ? undefined : parent?.pending();
    if (!rest.absorbed) {
      if (rest.error !== error && above === undefined) this.#caught = true;
      throw rest.error;
    }
    if (above !== undefined) throw above.error;
    this.#caught = true;
    if (fail) throw own.error;
    return undefined;
  }

  /** Cancels everything in the scope, synchronously. Returns false if the scope was cancelled before. */
  cancel(reason?: CancellationReason, message?: string, options?: CancelOptions): boolean {
    if (this.node.phase === "new") this.#expireIfDue();
    return cancelNode(this.node, this.cancel, reason, message, options) === true;
  }

  /** Whether cancellation of this scope was requested, by {@link cancel} or by its deadline. */
  get cancelCalled(): boolean {
    this.#expireIfDue();
    return this.node.own !== undefined;
  }

  /** Whether this scope absorbed its own cancellation when it ended. */
  get cancelledCaught(): boolean {
    return this.#caught;
  }

  /** Whether a checkpoint in the scope would throw, because this scope or a scope above is cancelled. */
  get isCancelled(): boolean {
    return this.node.pending() !== undefined;
  }

  /** The error that a checkpoint in the scope would throw, if any. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /**
   * An `AbortSignal` that is aborted when the scope is cancelled. A cancellation that a shield keeps out does not
   * abort it.
   */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /**
   * The scope's own deadline on the backend's clock, in ms. Infinity means none. It can be changed while the scope
   * runs. A scope that has expired stays expired.
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

  /** Whether the scope is protected from a cancellation from outside. */
  get shield(): boolean {
    return this.node.shielded;
  }

  /** When the shield is switched off, a pending cancellation from outside reaches the scope immediately. */
  set shield(on: boolean) {
    requireBoolean(on, "shield");
    this.node.setShielded(on);
  }

  /** Throws if the scope is cancelled. */
  check(): void {
    this.node.check();
  }

  /** Like {@link sleep}, but in this scope and not in the ambient one. */
  sleep(span: Span): Promise<void> {
    return sleepIn(openFrom(this.node), span);
  }

  /** Like {@link waitFor}, but in this scope and not in the ambient one. */
  waitFor<T>(work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
    return waitIn(openFrom(this.node), work);
  }

  /** The deadline can pass before the scope is entered. The scope then stays expired, as in trio. */
  #expireIfDue(): void {
    const { node } = this;
    if (node.phase !== "closed" && node.own === undefined && node.at <= node.clock.now()) node.due();
  }
}
markCopy(CancelScope);

export function requireDeadline(at: unknown, argument: string): number {
  if (typeof at !== "number") throw invalidType(argument, "a number of milliseconds", at);
  if (Number.isNaN(at)) throw outOfRange(argument, "a number of milliseconds", at);
  return at;
}
