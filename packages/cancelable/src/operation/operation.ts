/*
 * The machine of an operation: its life, its facts, and what runs in it. `cancellable.ts` is the public front. Longer
 * than most files here, because the invariants below hold between its methods.
 *
 *              run() / settle() / start()                body ended, error judged         callbacks, children ended
 *   pending ──────────── #begin ────────────▶ running ──────────── #finish ────────▶ completed ────── #close ──────▶ closed
 *      │                                      shielded                               cancelled
 *      │ cancel(), parent, token: the         (op.shield)                            failed
 *      │ cancellation is kept until #begin        │
 *      ▼                                          ▼ cancel(), deadline, source, parent
 *   pending, cancelled                        running, cancelled: waits for the body, at most `grace`
 *
 *  O1  Runs once: pending, then running (or shielded), then completed, cancelled or failed, for good.
 *  O2  Sources start before any code of the body, and stop, last started first, before any callback of the end runs.
 *  O3  The outcome is decided when the body ends; what happens to the node later changes nothing.
 */

import { isObserved } from "#platform/diagnostics";
import { requireFunction, requireOptions } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { CancellationError, type CancellationReason } from "../errors.ts";
import { type Remainder, withoutCancellation } from "../scope/absorb.ts";
import { currentNode, enter } from "../scope/ambient.ts";
import { CancelScope, explicitParent } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { sleepIn } from "../scope/sleeper.ts";
import { waitIn } from "../scope/waiting.ts";
import type { CancellationSource } from "../sources/source.ts";
import { TimeoutSource } from "../sources/timeout-source.ts";
import { TokenSource } from "../sources/token-source.ts";
import { Cancellation } from "../token/cancellation.ts";
import { LinkedCancellationToken } from "../token/linked.ts";
import { requireReason, tokenOn } from "../token/token.ts";
import { announce } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";
import { type CallbackKind, Callbacks } from "./callbacks.ts";
import { channelObserver } from "./channel-observer.ts";
import { OperationContext } from "./context.ts";
import type { OperationEventName } from "./events.ts";
import { GraceTimer } from "./grace-timer.ts";
import { notify, type OperationObserver, observerList, observerOfAll, standingObserver } from "./observer.ts";
import { OperationNode } from "./operation-node.ts";
import { type CancellableOptions, requireCancellableOptions, requireObserver } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { type Progress, requireProgress } from "./progress.ts";
import { ProgressLedger } from "./progress-ledger.ts";
import { RunningSources } from "./running-sources.ts";
import type { EndedStatus, OperationStatus } from "./status.ts";

export class Operation implements AsyncDisposable {
  /** @internal */
  readonly node: OperationNode;
  /** @internal */
  readonly options: CancellableOptions | undefined;
  /** @internal The user's data, without `cancelledBy`. */
  ownMetadata: Record<string, unknown> | undefined;
  /** @internal Milliseconds. Stored here, not as a source: most operations have only a timeout. */
  timeout: number | undefined = undefined;
  /** @internal */
  sources: RunningSources | undefined = undefined;
  /** @internal */
  callbacks: Callbacks | undefined = undefined;
  /** @internal */
  ledger: ProgressLedger | undefined = undefined;
  /** @internal On the backend's clock. */
  startedAt: number | undefined = undefined;
  /** @internal On the backend's clock. */
  endedAt: number | undefined = undefined;
  /** @internal The cancellation at the moment when the body ended, and the error that it ended with (O3). */
  ending: { readonly cancellation: Cancellation | undefined; readonly error: unknown } | undefined =
    undefined;
  #id: string | undefined;
  #status: OperationStatus = "pending";
  #token: LinkedCancellationToken | undefined = undefined;
  #context: OperationContext | undefined = undefined;
  #observer: OperationObserver | undefined = undefined;
  /** Whether `started` has been announced: the channel hears of no event before. */
  #isAnnounced = false;
  /** Created on the first cancellation, or where a `grace` was given. */
  #grace: GraceTimer | undefined = undefined;
  /** Set by {@link start}: disposal ends the operation. */
  #isHandle = false;
  #disposal: Promise<void> | undefined = undefined;

  constructor(options?: CancellableOptions) {
    this.options = options;
    if (options === undefined) {
      this.node = new OperationNode(currentNode().clock, this);
      return;
    }
    requireCancellableOptions(options);
    const { id, parent, metadata, token } = options;
    const above = parent === undefined || parent === null ? undefined : explicitParent(parent);
    this.node = new OperationNode((above ?? currentNode()).clock, this);
    this.#id = id;
    if (metadata !== undefined) this.ownMetadata = { ...metadata };
    if (token !== undefined) this.watch(new TokenSource(token));
    if (above !== undefined) this.node.attach(above);
  }

  /** @internal Adds a source. Only before the start. */
  watch(source: CancellationSource): void {
    this.sources ??= new RunningSources(this.node);
    this.sources.list.push(source);
  }

  // ---- life -----------------------------------------------------------------------------------

  /**
   * Runs `body` with this operation as the ambient one, and waits for it to end. Resolves with its
   * value; rejects with the cancellation, or with what the body threw. If the operation is cancelled
   * already, the body never starts.
   *
   * @throws UsageError `ERR_ALREADY_STARTED` for the second run of one operation.
   */
  async run<T>(body: (op: this) => T | PromiseLike<T>): Promise<T> {
    requireFunction(body, "body");
    this.#begin();
    const { node } = this;
    let value: T;
    try {
      if (this.callbacks?.has("start")) {
        const starting = enter(node, () => this.#emit("start"), undefined);
        if (starting !== undefined) await this.#bounded(() => starting);
      }
      node.check();
      value = await this.#bounded(() => enter(node, body, this));
      while (node.live > 0) await this.#graceTimer.within(() => node.empty());
    } catch (error) {
      while (node.live > 0 && !this.#isAbandoned) await this.#endChildren();
      const rest = this.#judge(error);
      const failure = rest.absorbed ? (node.own as Cancellation).error : rest.error;
      if (this.#finish(rest.absorbed ? "cancelled" : "failed", failure)) {
        await this.#tell(rest.absorbed ? "cancel" : "error");
        while (node.live > 0 && !this.#isAbandoned) await this.#endChildren();
      }
      this.#close();
      throw failure;
    }
    if (this.#finish("completed", undefined)) {
      await this.#tell("complete");
      while (node.live > 0) await node.empty();
    }
    this.#close();
    return value;
  }

  /** As {@link run}, and never rejects: resolves with the {@link Outcome}. */
  async settle<T>(body: (op: this) => T | PromiseLike<T>): Promise<Outcome<T>> {
    const fresh = this.node.phase === "new";
    try {
      return { status: "completed", value: await this.run(body) };
    } catch (error) {
      if (!fresh || this.#status !== "cancelled") return { status: "failed", error };
      // A cancelled run rejects with its cancellation.
      const cancellation = error as CancellationError;
      return this.#isAbandoned
        ? { status: "cancelled", error: cancellation, abandoned: true }
        : { status: "cancelled", error: cancellation };
    }
  }

  /**
   * The handle form: `await using op = Cancellable.withTimeout(500).start()`. The operation ends when the handle is
   * disposed. It is not the ambient operation: use `op.sleep`, `op.waitFor`, `op.signal`.
   */
  start(): this {
    this.#begin();
    this.#isHandle = true;
    this.callbacks?.emit("start", this.context);
    return this;
  }

  /** Ends the handle form: waits for what was started in it, stops the sources, calls the callbacks. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isHandle) return Promise.reject(new UsageError("ERR_NOT_STARTED", this.label));
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const { node } = this;
    const cancelled = node.pending() !== undefined;
    while (node.live > 0 && !this.#isAbandoned) await this.#withinGrace(() => node.empty());
    if (this.#finish(cancelled ? "cancelled" : "completed", node.own?.error)) {
      await this.#tell(cancelled ? "cancel" : "complete");
      while (node.live > 0 && !this.#isAbandoned) await this.#withinGrace(() => node.empty());
    }
    this.#close();
  }

  #begin(): void {
    const { node, options } = this;
    if (node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", this.label);
    const parent = options?.parent;
    const above =
      parent === null
        ? rootOf(currentNode().clock)
        : parent === undefined
          ? currentNode()
          : explicitParent(parent);
    node.open(above, this.timeout);
    this.startedAt = node.clock.now();
    this.#status = node.shielded ? "shielded" : "running";
    if (this.sources !== undefined) this.#startSources(this.sources);
    const register = options?.register;
    const registry = register === true ? standingObserver() : register === false ? undefined : register;
    const everybodys = observerOfAll();
    if (registry !== undefined || everybodys !== undefined)
      this.#observer = observerList([this.#observer, registry, everybodys]);
    const { own } = node;
    this.#isAnnounced = true;
    this.#announce("started");
    // A cancellation before the start is told after it.
    if (own !== undefined) this.#announce("cancelling");
    this.#countIn(this.ledger?.counted ?? 0);
  }

  #startSources(sources: RunningSources): void {
    try {
      sources.start();
    } catch (error) {
      this.#finish("failed", error);
      this.node.close();
      throw error;
    }
  }

  /** Waits for `work`; once cancelled, no longer than the grace. Without a grace the wait costs no promise. */
  #bounded<T>(work: () => T | PromiseLike<T>): T | PromiseLike<T> {
    return this.options?.grace === undefined ? work() : this.#graceTimer.within(work);
  }

  /** As {@link #bounded}; returns, and does not throw, when the grace is over. */
  async #withinGrace(work: () => Promise<void>): Promise<void> {
    try {
      await this.#graceTimer.within(work);
    } catch {
      // The grace is over; nothing else rejects here.
    }
  }

  /** The body failed or was cancelled: the children that it left are cancelled, and waited for within the grace. */
  #endChildren(): Promise<void> {
    return this.#withinGrace(() => this.node.abandonChildren());
  }

  /** Decides whether the body's error is this operation's own cancellation or a failure. */
  #judge(error: unknown): Remainder {
    const { node } = this;
    // A cancellation error that the user constructed and threw cancels the operation that it leaves.
    if (node.own === undefined && isFreshCancellation(error)) {
      node.cancel(new Cancellation(error.reason, error.message, undefined, undefined, error));
    }
    return node.own === undefined ? { absorbed: false, error } : withoutCancellation(error, node.own.error);
  }

  /** Settles status and time (O3), and stops the sources (O2). Returns whether there are callbacks to run. */
  #finish(status: EndedStatus, error: unknown): boolean {
    const { node } = this;
    this.sources?.stop();
    // An operation that has ended does not expire.
    node.slot?.leave();
    node.at = node.effective = Number.POSITIVE_INFINITY;
    this.#status = status;
    this.endedAt = node.clock.now();
    this.ending = { cancellation: node.own, error };
    if (status === "completed") this.#countIn(1);
    this.#announce("ended");
    return this.callbacks !== undefined;
  }

  /** Calls the callbacks of the end inside a shield, and waits for them; see `grace`. */
  async #tell(kind: "complete" | "cancel" | "error"): Promise<void> {
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

  /** Tells observers, and the diagnostics channel if it has subscribers. */
  #announce(event: OperationEventName): void {
    notify(this.#observer, event, this);
    if (isObserved()) notify(channelObserver, event, this);
  }

  /** Adds this operation's progress to the nearest unshielded ancestor with `progressFrom: "children"`. */
  #countIn(fraction: number): void {
    if (this.node.shielded) return;
    let whole = this.parent;
    while (whole?.node.shielded) whole = whole.parent;
    if (whole?.options?.progressFrom !== "children") return;
    whole.ledger ??= new ProgressLedger();
    this.ledger ??= new ProgressLedger();
    this.ledger.countIn(whole, whole.ledger, this.options?.progressWeight ?? 1, fraction);
    notify(whole.#observer, "progress", whole);
    whole.#countIn(whole.ledger.tracker.estimate.fraction as number); // it has a part
  }

  get #graceTimer(): GraceTimer {
    this.#grace ??= new GraceTimer(this.node, this.options?.grace, () => this.label);
    return this.#grace;
  }

  get #isAbandoned(): boolean {
    return this.#grace?.abandoned === true;
  }

  // ---- hooks of the node ------------------------------------------------------------------------

  /** @internal The operation's deadline has passed. Returns false if the node's own timeout is that deadline. */
  expired(): boolean {
    if (this.node.own !== undefined) return true;
    this.sources ??= new RunningSources(this.node);
    return this.sources.expired();
  }

  /** @internal Called inside the wave: runs no code of a user. */
  cancelled(): void {
    if (this.#isAnnounced) {
      if (this.#observer !== undefined || isObserved()) announce(() => this.#announce("cancelling"));
    } else if (this.#observer !== undefined) announce(() => notify(this.#observer, "cancelling", this));
    if (this.isRunning) this.#graceTimer.begin();
  }

  // ---- while it runs --------------------------------------------------------------------------

  /**
   * Cancels, synchronously: when this returns, everything in the operation is cancelled. With
   * `propagate: false` the operations below go on.
   *
   * @returns false, and without any effect, if it was cancelled before or has ended.
   */
  cancel(
    reason: CancellationReason = "manual",
    message?: string,
    options?: { readonly propagate?: boolean },
  ): boolean {
    requireReason(reason, message);
    requireOptions(options);
    if (this.hasEnded) return false;
    return this.node.cancel(new Cancellation(reason, message), options?.propagate !== false);
  }

  /** Throws the cancellation, if there is one. Compares the clock with the deadline itself. */
  check(): void {
    this.node.check();
  }

  /** {@link sleep}, in this operation whatever the ambient one is. */
  sleep(span: Span): Promise<void> {
    return sleepIn(this.node, span);
  }

  /** {@link waitFor}, in this operation whatever the ambient one is. */
  waitFor<T>(work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
    return waitIn(this.node, work);
  }

  /** Reports progress to the callbacks of this operation and of every operation above. */
  reportProgress(progress: Progress, metadata?: Record<string, unknown>): void {
    requireProgress(progress);
    requireOptions(metadata, "metadata");
    this.ledger ??= new ProgressLedger();
    const { ledger } = this;
    ledger.latest = progress;
    ledger.tracker.report(progress, this.node.clock.now());
    let operation: Operation | undefined = this;
    for (; operation !== undefined; operation = operation.parent) {
      if (operation.callbacks?.has("progress"))
        operation.callbacks.emit("progress", this.id, progress, metadata);
    }
    notify(this.#observer, "progress", this);
    const { fraction } = ledger.tracker.estimate;
    if (fraction !== undefined && !this.hasEnded) this.#countIn(fraction);
    if (isObserved()) notify(channelObserver, "progress", this);
  }

  /** Tells `observer` about every event of this operation from now on. */
  observe(observer: OperationObserver): void {
    requireObserver(observer, "observer", "a registry");
    this.#observer = observerList([this.#observer, observer]);
  }

  /** @internal */
  get listeners(): Callbacks {
    this.callbacks ??= new Callbacks();
    return this.callbacks;
  }

  // ---- facts ----------------------------------------------------------------------------------

  /** A UUID, unless one was given; made on first use. */
  get id(): string {
    this.#id ??= crypto.randomUUID();
    return this.#id;
  }

  /** The name from the options. */
  get name(): string | undefined {
    return this.options?.name;
  }

  /** The operation as messages call it: its name, or its id. */
  get label(): string {
    return this.name === undefined ? `operation ${this.id}` : `operation "${this.name}"`;
  }

  /** Where the operation is in its life. */
  get status(): OperationStatus {
    return this.#status;
  }

  /** The operation's own token: cancelling it is cancelling the operation. */
  get token(): LinkedCancellationToken {
    this.#token ??= tokenOn(LinkedCancellationToken, this.node);
    return this.#token;
  }

  /** An `AbortSignal` that is aborted when the operation is cancelled. */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /** The cancellation, if there is one. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /** A live view on the facts of this operation. */
  get context(): OperationContext {
    this.#context ??= new OperationContext(this);
    return this.#context;
  }

  /** The nearest operation above. */
  get parent(): Operation | undefined {
    const above = this.node.parent as ScopeNode | undefined;
    return above?.operation as Operation | undefined; // only operations are put there
  }

  get parentId(): string | undefined {
    return this.parent?.id;
  }

  /** The operations directly below that have not ended, oldest first. */
  get children(): readonly Operation[] {
    const found: Operation[] = [];
    const nodes: ScopeNode[] = [this.node];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (node !== this.node && node.operation !== this) {
        found.push(node.operation as Operation);
        continue;
      }
      for (const child of (node.children() as ScopeNode[]).reverse()) nodes.push(child);
    }
    return found;
  }

  /** Whether cancellation was asked for, or came from above, or the deadline has passed. */
  get isCancelled(): boolean {
    return this.ending === undefined
      ? this.node.pending() !== undefined
      : this.ending.cancellation !== undefined;
  }

  /** Whether the body has begun and not ended. */
  get isRunning(): boolean {
    return this.#status === "running" || this.#status === "shielded";
  }

  /** Whether the body returned a value. */
  get isCompleted(): boolean {
    return this.#status === "completed";
  }

  /** Whether the operation is completed, cancelled or failed. */
  get hasEnded(): boolean {
    return this.ending !== undefined;
  }

  /** Whether the cancellation ended the operation. */
  get cancelledCaught(): boolean {
    return this.#status === "cancelled";
  }

  /** @internal The cancellation; after the end, the one at the end (O3). */
  get cancellation(): Cancellation | undefined {
    return this.ending === undefined ? this.node.own : this.ending.cancellation;
  }

  /** @internal The sources to watch on behalf of this operation while it has not started. */
  pendingSources(): CancellationSource[] {
    if (this.node.phase !== "new") return [];
    const timeout = this.timeout === undefined ? [] : [new TimeoutSource(this.timeout)];
    return [...timeout, ...(this.sources?.list ?? [])];
  }

  /** @internal A combination with this operation as a part has ended: if it was never started, it leaves its parent. */
  release(): void {
    const { node } = this;
    if (node.phase !== "new") return;
    node.detach();
    node.parent = undefined;
  }

  /** @internal */
  setTimeout(span: Span, argument: string): void {
    this.timeout = toMilliseconds(span, argument);
  }
}

/** Constructed by a user: no token, scope or operation owns this error. */
function isFreshCancellation(error: unknown): error is CancellationError {
  try {
    return error instanceof CancellationError && !CancellationError.isOwned(error);
  } catch {
    // The error throws when it is read.
    return false;
  }
}
