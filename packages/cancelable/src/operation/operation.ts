/*
 * The machine of an operation: its life, and the functions that run in it. `operation-facts.ts` holds its state, and
 * `cancellable.ts` is the public front. This file is long because its methods keep the following invariants together.
 *
 *            run() / settle() / start()            body ended, error judged        callbacks, children ended
 *   pending ────────── #begin ──────────▶ running ────────── #finish ───────▶ completed ────── #close ─────▶ closed
 *      │                                  shielded                            cancelled
 *      │ cancel(), parent, token: the     (op.shield)                         failed
 *      │ cancellation waits for #begin        │
 *      ▼                                      ▼ cancel(), deadline, source, parent
 *   pending, cancelled                    running, cancelled: waits for the body, at most `grace`
 *
 *  O1  An operation runs once. Its status is pending, then running (or shielded), and finally completed, cancelled or
 *      failed.
 *  O2  Sources start before any code of the body. They stop in reverse order, before any callback for the end of the
 *      operation runs.
 *  O3  The outcome is decided when the body ends. Later changes of the node do not change the outcome.
 */

import { channelObserver } from "#platform/diagnostics";
import { type Remainder, withoutCancellation } from "../absorb.ts";
import { requireFunction, requireOptions } from "../arguments.ts";
import type { Span } from "../duration.ts";
import { CancellationError, type CancellationReason } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { adopted } from "../scope/adopted.ts";
import { ambientNode, enter } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { emptyStack, type Unclosed, unclosed } from "../scope/empty-stack.ts";
import { afterTurn } from "../scope/fair-turn.ts";
import { openFrom, type ScopeNode } from "../scope/scope-node.ts";
import { parentNode } from "../scope/scope-options.ts";
import { sleepIn } from "../scope/sleeper.ts";
import { waitIn } from "../scope/waiting.ts";
import { type CancelOptions, cancelNode, requireCancelArguments } from "../token/cancel.ts";
import { Cancellation } from "../token/cancellation.ts";
import { announce } from "../token/wave.ts";
import { UsageError } from "../usage-error.ts";
import type { CallbackKind } from "./callbacks.ts";
import type { OperationEventName } from "./events.ts";
import { GraceTimer } from "./grace-timer.ts";
import {
  bodyFor,
  globalObserver,
  isAmong,
  notify,
  type OperationObserver,
  observerList,
  processRegistry,
} from "./observer.ts";
import { OperationFacts } from "./operation-facts.ts";
import { requireObserver } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { type Progress, requireProgress } from "./progress.ts";
import { ProgressLedger } from "./progress-ledger.ts";
import { RunningSources } from "./running-sources.ts";
import type { EndedStatus } from "./status.ts";
import { warnOfStranger } from "./stranger.ts";

export class Operation extends OperationFacts implements AsyncDisposable, Unclosed {
  #observer: OperationObserver | undefined = undefined;
  /** Whether `started` has been announced. The diagnostics channel gets no event before it. */
  #isAnnounced = false;
  /** Created on the first cancellation, or if there is a `grace`. */
  #grace: GraceTimer | undefined = undefined;
  /** Set by {@link start}: disposing the handle ends the operation. */
  #isHandle = false;
  #disposal: Promise<void> | undefined = undefined;

  // ---- life -----------------------------------------------------------------------------------

  /**
   * Runs `body` with this operation as the ambient one, and waits until the operation has ended. Resolves with the
   * value of `body`. Rejects with the cancellation, or with the error of `body`. If the operation is already
   * cancelled, `body` does not run.
   *
   * @throws UsageError `ERR_ALREADY_STARTED` if the operation has been started before.
   */
  async run<T>(body: (op: this) => T | PromiseLike<T>): Promise<T> {
    requireFunction(body, "body");
    const { node } = this;
    const above = this.#placeAbove();
    let value: T;
    let isRunning = false;
    try {
      this.#begin(above);
      if (this.callbacks?.has("start")) {
        const starting = enter(node, () => this.#emit("start"), undefined);
        if (starting !== undefined)
          await (this.#isBounded ? this.#graceTimer.within(() => starting) : starting);
      }
      node.check();
      // The parameter is assigned, because a further variable in the function below would cost 40 bytes per operation.
      if (this.#observer !== undefined) body = bodyFor(this.#observer, this, body);
      // Without a grace there is no frame between the two scopes: each one costs depth of the stack.
      const running = this.#isBounded
        ? this.#graceTimer.within(() => adopted(node, enter(node, body, this)))
        : adopted(node, enter(node, body, this));
      isRunning = true;
      value = await running;
      while (node.live > 0) await this.#graceTimer.within(() => node.empty());
    } catch (error) {
      if (!isRunning) {
        try {
          await emptyStack;
        } catch {
          unclosed.places[unclosed.count++] = this;
          throw error;
        }
      }
      while (node.live > 0 && !this.#isAbandoned) await this.#endChildren();
      const rest = this.#judge(error);
      const failure = rest.absorbed ? (node.own as Cancellation).error : rest.error;
      if (this.#finish(rest.absorbed ? "cancelled" : "failed", failure)) {
        await this.#runCallbacks(rest.absorbed ? "cancel" : "error");
        while (node.live > 0 && !this.#isAbandoned) await this.#endChildren();
      }
      this.#close();
      if (node.clock.isTurnDue(node.clock.latest)) await afterTurn(node, undefined);
      throw failure;
    }
    if (this.#finish("completed", undefined)) {
      await this.#runCallbacks("complete");
      while (node.live > 0) await node.empty();
    }
    this.#close();
    // The end of the operation has read the clock.
    if (node.clock.isTurnDue(node.clock.latest)) await afterTurn(node, undefined);
    return value;
  }

  /**
   * Like {@link run}, but resolves with the {@link Outcome} also after a cancellation or a failure. Rejects only for a
   * wrong call: with a TypeError if `body` is no function, or a UsageError `ERR_ALREADY_STARTED`.
   */
  async settle<T>(body: (op: this) => T | PromiseLike<T>): Promise<Outcome<T>> {
    requireFunction(body, "body");
    this.#requireNew();
    try {
      return { status: "completed", value: await this.run(body) };
    } catch (error) {
      if (this.currentStatus !== "cancelled") return { status: "failed", error };
      // A cancelled run rejects with its cancellation.
      const cancellation = error as CancellationError;
      return this.#isAbandoned
        ? { status: "cancelled", error: cancellation, abandoned: true }
        : { status: "cancelled", error: cancellation };
    }
  }

  /**
   * Starts the handle form: `await using op = Cancellable.withTimeout(500).start()`. Disposing the handle ends the
   * operation. The operation is not the ambient one, so use `op.sleep`, `op.waitFor` and `op.signal`.
   */
  start(): this {
    const above = this.#placeAbove();
    try {
      this.#begin(above);
    } catch (error) {
      try {
        void emptyStack.then(() => this.#endUnstarted(error));
      } catch {
        unclosed.places[unclosed.count++] = this;
      }
      throw error;
    }
    this.#isHandle = true;
    this.callbacks?.emit("start", this.context);
    return this;
  }

  /** Ends the handle form: waits for the scopes and operations below, stops the sources, and runs the callbacks. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isHandle) return Promise.reject(new UsageError("ERR_NOT_STARTED", this.label));
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const { node } = this;
    const cancelled = node.pending() !== undefined;
    while (node.live > 0 && !this.#isAbandoned) await this.#graceTimer.endWithin(() => node.empty());
    if (this.#finish(cancelled ? "cancelled" : "completed", node.own?.error)) {
      await this.#runCallbacks(cancelled ? "cancel" : "complete");
      while (node.live > 0 && !this.#isAbandoned) await this.#graceTimer.endWithin(() => node.empty());
    }
    this.#close();
  }

  #requireNew(): void {
    if (this.node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", this.label);
  }

  /** The scope below which the operation starts. Throws if the operation was started before. */
  #placeAbove(): ScopeNode {
    this.#requireNew();
    return parentNode(this.options, ambientNode);
  }

  /** Opens the operation. If this throws, the caller ends the operation: it can be open already. */
  #begin(above: ScopeNode): void {
    const { node, options } = this;
    node.open(above, this.timeout);
    this.startedAt = node.clock.now();
    this.currentStatus = node.shielded ? "shielded" : "running";
    const register = options?.register;
    const registry = register === true ? processRegistry() : register === false ? undefined : register;
    const ofAll = globalObserver();
    const early = this.#observer;
    if (registry !== undefined || ofAll !== undefined)
      this.#observer = observerList([early, registry, ofAll]);
    const { own } = node;
    this.#isAnnounced = true;
    this.#announce("started");
    // The observers from before the start were told of a cancellation from before the start. The others are told after `started`.
    if (own !== undefined)
      for (const late of new Set([registry, ofAll, channelObserver()]))
        if (!isAmong(early, late)) notify(late, "cancelling", this);
    this.sources?.start();
    this.#countProgress(this.ledger?.counted ?? 0);
  }

  /* v8 ignore next -- @preserve a stack that is used up: a test runs this in a process of its own */
  /** @internal */
  closeUnclosed(): void {
    void this.#endUnstarted(new RangeError("Maximum call stack size exceeded"));
  }

  /** Ends an operation that {@link start} could not begin, for example because a source could not start. */
  async #endUnstarted(error: unknown): Promise<void> {
    if (this.#finish("failed", error)) await this.#runCallbacks("error");
    this.#close();
  }

  /** Whether the waits for the user's code have a bound once the operation is cancelled. */
  get #isBounded(): boolean {
    return this.options?.grace !== undefined;
  }

  /** After the body has failed or was cancelled: cancels the scopes below, and waits for them within the grace. */
  #endChildren(): Promise<void> {
    return this.#graceTimer.endWithin(() => this.node.cancelChildren());
  }

  /** Decides whether the error of the body is this operation's own cancellation or a failure. */
  #judge(error: unknown): Remainder {
    const { node } = this;
    // A cancellation error that the user constructed and threw out of the body cancels the operation (rule 30).
    if (node.own === undefined && CancellationError.isFresh(error)) {
      node.cancel(new Cancellation(error.reason, error.message, undefined, undefined, error));
    }
    return node.own === undefined ? { absorbed: false, error } : withoutCancellation(error, node.own.error);
  }

  /** Sets the status and the outcome (O3), and stops the sources (O2). Returns whether there are callbacks to run. */
  #finish(status: EndedStatus, error: unknown): boolean {
    const { node } = this;
    this.sources?.stop();
    // An operation that has ended does not expire.
    node.slot?.remove();
    node.at = node.effective = Number.POSITIVE_INFINITY;
    this.currentStatus = status;
    this.endedAt = node.clock.now();
    this.ending = { cancellation: node.own, error };
    if (status === "completed") this.#countProgress(1);
    else if (status === "failed") warnOfStranger(this, error);
    this.#announce("ended");
    return this.callbacks !== undefined;
  }

  /** Runs the callbacks for the end inside a shield, and waits for them. `grace` bounds the wait for `onCancel`. */
  async #runCallbacks(kind: "complete" | "cancel" | "error"): Promise<void> {
    if (!this.callbacks?.has(kind)) return;
    const call = async (): Promise<void> =>
      new CancelScope({ shield: true, parent: this }).run(() => this.#emit(kind));
    await (kind === "cancel" ? this.#graceTimer.withinForCallbacks(call) : call());
  }

  #emit(kind: Exclude<CallbackKind, "progress">): Promise<void> | undefined {
    const { context, listeners } = this;
    return kind === "error"
      ? listeners.emitAndWait(kind, context, this.ending?.error)
      : listeners.emitAndWait(kind, context);
  }

  #close(): void {
    this.#grace?.[Symbol.dispose]();
    this.node.close();
  }

  /** Sends an event to the observers, and to the diagnostics channel if it has subscribers. */
  #announce(event: OperationEventName): void {
    notify(this.#observer, event, this);
    notify(channelObserver(), event, this);
  }

  /** Adds this operation's progress to the nearest unshielded ancestor with `progressFrom: "children"`. */
  #countProgress(fraction: number): void {
    if (this.node.shielded) return;
    let whole = this.parent;
    while (whole?.node.shielded) whole = whole.parent;
    if (whole?.options?.progressFrom !== "children") return;
    whole.ledger ??= new ProgressLedger();
    this.ledger ??= new ProgressLedger();
    this.ledger.countIn(whole, whole.ledger, this.options?.progressWeight ?? 1, fraction);
    notify(whole.#observer, "progress", whole);
    whole.#countProgress(whole.ledger.tracker.estimate.fraction as number); // defined, because it has a part
  }

  get #graceTimer(): GraceTimer {
    this.#grace ??= new GraceTimer(this.node, this.options?.grace, (bodyHasEnded) =>
      this.#describeWait(bodyHasEnded),
    );
    return this.#grace;
  }

  /** For the warning about a cancelled operation that has not ended after 5 s. */
  #describeWait(bodyHasEnded: boolean): string {
    const start = `${this.label} was cancelled 5 s ago and`;
    const handle = this.#undisposedHandle();
    if (handle !== undefined) {
      const whose = handle === this ? "its handle" : `the handle of ${handle.label} below it`;
      return `${start} ${whose} has not been disposed of. Use await using, or call [Symbol.asyncDispose]().`;
    }
    if (bodyHasEnded) return `${start} its onCancel callbacks have not ended.`;
    return `${start} its body has not ended. Pass op.signal to its calls, or wrap them in op.waitFor(…).`;
  }

  /** This operation or one below, if it was started by {@link start} and its handle has not been disposed of. */
  #undisposedHandle(): Operation | undefined {
    const open: Operation[] = [this];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (one.#isHandle && one.#disposal === undefined) return one;
      for (const child of one.children) open.push(child);
    }
    return undefined;
  }

  get #isAbandoned(): boolean {
    return this.#grace?.abandoned === true;
  }

  // ---- hooks of the node ------------------------------------------------------------------------

  /** @internal */
  override expired(): boolean {
    if (this.node.own !== undefined) return true;
    this.sources ??= new RunningSources(this.node);
    return this.sources.expired();
  }

  /** @internal */
  override cancelled(): void {
    if (this.#isAnnounced) {
      if (this.#observer !== undefined || channelObserver() !== undefined)
        announce(() => this.#announce("cancelling"));
    } else if (this.#observer !== undefined) announce(() => notify(this.#observer, "cancelling", this));
    if (this.isRunning) this.#graceTimer.begin();
  }

  // ---- while it runs --------------------------------------------------------------------------

  /**
   * Cancels the operation synchronously: when this returns, everything in the operation is cancelled.
   *
   * @param options.propagate Whether the operations below are cancelled too. Default: true.
   * @param options.cause The `cause` of the cancellation's error. Default: none.
   * @returns false, without any effect, if the operation was cancelled before or has ended.
   */
  cancel(
    reason?: CancellationReason,
    message?: string,
    options?: CancelOptions & { readonly propagate?: boolean },
  ): boolean {
    requireCancelArguments(reason ?? "manual", message);
    requireKnownOptions(options, { propagate: 1, cause: 1 }, "cancel");
    if (this.hasEnded) return false;
    return (
      cancelNode(this.node, this.cancel, reason, message, options, options?.propagate !== false) === true
    );
  }

  /** Throws the error of the cancellation, if there is one. Compares the clock with the deadline. */
  check(): void {
    this.node.check();
  }

  /** Like {@link sleep}, but in this operation and not in the ambient scope. */
  sleep(span: Span): Promise<void> {
    return sleepIn(openFrom(this.node), span);
  }

  /** Like {@link waitFor}, but in this operation and not in the ambient scope. */
  waitFor<T>(work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
    return waitIn(openFrom(this.node), work);
  }

  /** Reports progress to the callbacks of this operation and of every operation above. */
  reportProgress(progress: Progress, metadata?: Record<string, unknown>): void {
    requireProgress(progress);
    requireOptions(metadata, "metadata");
    this.ledger ??= new ProgressLedger();
    const { ledger } = this;
    ledger.latest = progress;
    ledger.tracker.report(progress, this.node.clock.now());
    const { fraction } = ledger.tracker.estimate;
    // Before the callbacks, which can read the estimates of the operations above.
    if (fraction !== undefined && !this.hasEnded) this.#countProgress(fraction);
    let operation: Operation | undefined = this;
    for (; operation !== undefined; operation = operation.parent) {
      if (operation.callbacks?.has("progress"))
        operation.callbacks.emit("progress", progress, { context: this.context, metadata });
    }
    notify(this.#observer, "progress", this);
    notify(channelObserver(), "progress", this);
  }

  /** Adds an observer, which gets every event of this operation from now on. */
  observe(observer: OperationObserver): void {
    requireObserver(observer, "observer", "a registry");
    this.#observer = observerList([this.#observer, observer]);
  }

  // ---- the tree -------------------------------------------------------------------------------

  /** The nearest operation above. */
  get parent(): Operation | undefined {
    const above = this.node.parent as ScopeNode | undefined;
    return above?.operation as Operation | undefined; // the node holds only operations
  }

  override get parentId(): string | undefined {
    return this.parent?.id;
  }

  /** The operations directly below that have not ended, oldest first. */
  get children(): readonly Operation[] {
    return this.node.operationsBelow() as Operation[];
  }
}
