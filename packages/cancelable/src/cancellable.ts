/*
 * A scope with an identity. Longer than most files here, because the public class is one thing: its
 * constructors, its life, and what can be done with it while it runs. The tree is in `token/tree.ts` and
 * `scope/scope-node.ts`, the callbacks in `callbacks.ts`, the view on its facts in `context.ts`.
 *
 *  O1  Runs once: pending, then running (or shielded), then completed, cancelled or failed, for good.
 *  O2  Sources start before any code of the body, and stop, last started first, before any callback
 *      hears of the end.
 *  O3  What it ended with is decided when the body ends; what happens to the node later changes nothing.
 */

import { isObserved, publish } from "#platform/diagnostics";
import { type Span, toMilliseconds } from "./duration.ts";
import { type CancellationDetail, CancellationError, type CancellationReason } from "./errors.ts";
import { type Callback, Callbacks } from "./operation/callbacks.ts";
import { OperationContext, type OperationStatus } from "./operation/context.ts";
import { type ProgressEstimate, ProgressTracker } from "./operation/estimate.ts";
import { Patience } from "./operation/grace-timer.ts";
import {
  notify,
  type OperationObserver,
  observerOfAll,
  standingObserver,
  together,
} from "./operation/observer.ts";
import { OperationNode } from "./operation/operation-node.ts";
import { OperationSource, toSource } from "./operation/operation-source.ts";
import {
  type CancellableOptions,
  explicitParent,
  requireCancellableOptions,
  requireObserver,
} from "./operation/options.ts";
import { type Progress, requireProgress } from "./operation/progress.ts";
import { type Remainder, withoutCancellation } from "./scope/absorb.ts";
import { currentNode, enter } from "./scope/ambient.ts";
import { CancelScope, type ScopeParent } from "./scope/cancel-scope.ts";
import { ScopeNode } from "./scope/scope-node.ts";
import { sleepIn } from "./scope/sleeper.ts";
import { waitIn } from "./scope/waiting.ts";
import { AbortSignalSource } from "./sources/abort-signal-source.ts";
import { AllOfSource, AnyOfSource } from "./sources/composite-source.ts";
import { ConditionSource } from "./sources/condition-source.ts";
import { DeadlineSource } from "./sources/deadline-source.ts";
import { type ResourceOptions, ResourceSource, type ResourceThresholds } from "./sources/resource-source.ts";
import { type SignalName, SignalSource } from "./sources/signal-source.ts";
import { CancellationSource, startSources } from "./sources/source.ts";
import { TimeoutSource } from "./sources/timeout-source.ts";
import { TokenSource } from "./sources/token-source.ts";
import { type CancellableStream, stream } from "./streams/operation-stream.ts";
import type { StreamInput } from "./streams/reading/stream-input.ts";
import type { StreamOptions } from "./streams/reading/stream-options.ts";
import { LinkedCancellationToken } from "./token/linked.ts";
import { type CancellationToken, requireCause, requireToken, tokenOn } from "./token/token.ts";
import { announce, Cancellation } from "./token/tree.ts";
import {
  invalidType,
  outOfRange,
  requireFunction,
  requireOptions,
  requireText,
  show,
  UsageError,
} from "./usage-error.ts";

/** What {@link Cancellable.settle} resolves with. */
export type Outcome<T> =
  | { readonly status: "completed"; readonly value: T }
  | {
      readonly status: "cancelled";
      readonly error: CancellationError;
      /** The body did not end within `graceMs`, and still runs. */
      readonly abandoned?: true;
    }
  | { readonly status: "failed"; readonly error: unknown };

/** A part of {@link Cancellable.anyOf} and {@link Cancellable.allOf}. */
export type CancellationPart = Cancellable | CancellationSource | CancellationToken | AbortSignal;

/**
 * An operation: a piece of work with an identity, a status, callbacks, and any number of sources that
 * may cancel it. It runs once.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 *
 * const outcome = await Cancellable.withTimeout(20, { name: "report" }).settle(async (op) => {
 *   op.reportProgress("half way");
 *   await op.sleep({ minutes: 1 });
 * });
 * console.assert(outcome.status === "cancelled" && outcome.error.reason === "timeout");
 * ```
 */
export class Cancellable implements AsyncDisposable {
  /** @internal */
  readonly node: OperationNode;
  readonly #options: CancellableOptions | undefined;
  #id: string | undefined;
  #status: OperationStatus = "pending";
  #metadata: Record<string, unknown> | undefined;
  /** Milliseconds; kept apart from the sources because it is what most operations have, and all of it. */
  #timeout: number | undefined = undefined;
  #sources: CancellationSource[] | undefined = undefined;
  #running: Disposable | undefined = undefined;
  /** The deadlines that sources have handed over, of which the node holds the earliest. */
  #deadlines: Array<{ readonly at: number; readonly expire: () => void }> | undefined = undefined;
  #cancelledBy: string | undefined = undefined;
  #callbacks: Callbacks | undefined = undefined;
  #token: LinkedCancellationToken | undefined = undefined;
  #context: OperationContext | undefined = undefined;
  #progress: Progress | undefined = undefined;
  #tracker: ProgressTracker | undefined = undefined;
  /** How much of it a parent that follows its children has counted, and which. */
  #counted = 0;
  #countedIn: Cancellable | undefined = undefined;
  #observer: OperationObserver | undefined = undefined;
  /** On the backend's clock. */
  #startedAt: number | undefined = undefined;
  #endedAt: number | undefined = undefined;
  /** The same on the wall clock, from when somebody first looked. */
  #startTime: Date | undefined = undefined;
  #endTime: Date | undefined = undefined;
  /** What had been asked for when the body ended (O3). */
  #ended: { readonly cancellation: Cancellation | undefined; readonly error: unknown } | undefined =
    undefined;
  /** How long it is waited for once cancelled: from when that is first of interest. */
  #patience: Patience | undefined = undefined;
  /** Started by {@link start}, to be ended by disposal. */
  #isHandle = false;
  #disposal: Promise<void> | undefined = undefined;

  constructor(options?: CancellableOptions) {
    this.#options = options;
    if (options === undefined) {
      this.node = new OperationNode(currentNode().host, this);
      return;
    }
    requireCancellableOptions(options);
    const { id, parent, metadata, token } = options;
    const above = parent === undefined || parent === null ? undefined : explicitParent(parent);
    this.node = new OperationNode((above ?? currentNode()).host, this);
    this.#id = id;
    if (metadata !== undefined) this.#metadata = { ...metadata };
    if (token !== undefined) this.addSource(new TokenSource(token));
    if (above !== undefined) this.node.attach(above);
  }

  // ---- constructors by what cancels -----------------------------------------------------------

  /** Cancelled when `span` (milliseconds, a `Duration`, or `null` for no limit), counted from the start, is over. */
  static withTimeout(span: Span, options?: CancellableOptions): Cancellable {
    const ms = toMilliseconds(span, "span");
    const operation = new Cancellable(options);
    operation.#timeout = ms;
    return operation;
  }

  /** Cancelled with `token`, with its reason and message. */
  static withToken(token: CancellationToken, options?: Omit<CancellableOptions, "token">): Cancellable {
    const source = new TokenSource(token);
    return new Cancellable(options).addSource(source);
  }

  /** Cancelled by operating-system signals. Default: SIGINT and SIGTERM. */
  static withSignal(...signals: SignalName[]): Cancellable {
    return new Cancellable().addSource(new SignalSource(...signals));
  }

  /** Cancelled when `signal` is aborted. */
  static withAbortSignal(signal: AbortSignal, options?: CancellableOptions): Cancellable {
    const source = new AbortSignalSource(signal);
    return new Cancellable(options).addSource(source);
  }

  /** Cancelled when `predicate` gives something true; asked at the start and every `interval` (default 100 ms). */
  static withCondition(
    predicate: () => boolean | PromiseLike<boolean>,
    options?: CancellableOptions & { readonly interval?: Span },
  ): Cancellable {
    requireOptions(options);
    const { interval } = options ?? {};
    const source = new ConditionSource(predicate, interval === undefined ? undefined : { interval });
    return new Cancellable(options).addSource(source);
  }

  /** Cancelled when a measure of the machine goes above its threshold; see {@link ResourceSource}. */
  static withResources(
    thresholds: ResourceThresholds,
    options?: CancellableOptions & Omit<ResourceOptions, "name">,
  ): Cancellable {
    requireOptions(options);
    const { interval, path, reader } = options ?? {};
    const source = new ResourceSource(thresholds, {
      ...(interval === undefined ? {} : { interval }),
      ...(path === undefined ? {} : { path }),
      ...(reader === undefined ? {} : { reader }),
    });
    return new Cancellable(options).addSource(source);
  }

  /** Cancelled at a moment of the wall clock: a `Date` or epoch milliseconds. Reason `timeout`. */
  static withDeadline(deadline: Date | number, options?: CancellableOptions): Cancellable {
    const source = new DeadlineSource(deadline);
    return new Cancellable(options).addSource(source);
  }

  /** Cancelled by the first of its parts: operations, sources, tokens, `AbortSignal`s. */
  static anyOf(...parts: CancellationPart[]): Cancellable {
    return new Cancellable().addSource(new AnyOfSource(partSources(parts)));
  }

  /** Cancelled when each of its parts has fired; reason and message are the last one's. */
  static allOf(...parts: CancellationPart[]): Cancellable {
    return new Cancellable().addSource(new AllOfSource(partSources(parts)));
  }

  /**
   * A new operation that is cancelled when this one or any of the others is, or would be by its sources;
   * reason and message are those of the first. It has the callbacks and the metadata of all of them, and
   * this one's name, parent and grace. The parts themselves are not started.
   */
  combine(...others: Cancellable[]): Cancellable {
    const parts = [this, ...others];
    for (const [index, other] of others.entries()) {
      if (!(other instanceof Cancellable)) throw invalidType(`others[${index}]`, "a Cancellable", other);
    }
    const sources = parts.map((part) => new OperationSource(part));
    const { id: _, token: __, metadata: ___, ...inherited } = this.#options ?? {};
    const metadata = Object.assign({}, ...[...parts].reverse().map((part) => part.#metadata));
    const combined = new Cancellable({ ...inherited, metadata });
    for (const source of sources) combined.addSource(source);
    for (const part of parts) if (part.#callbacks !== undefined) combined.#listeners.addAll(part.#callbacks);
    return combined;
  }

  /** Adds something that may cancel this operation. Before it starts. */
  addSource(source: CancellationSource): this {
    if (!(source instanceof CancellationSource)) throw invalidType("source", "a CancellationSource", source);
    this.#requirePending();
    this.#sources ??= [];
    this.#sources.push(source);
    return this;
  }

  // ---- life -----------------------------------------------------------------------------------

  /**
   * Runs `body` with this operation as the ambient one, and waits for it to end. Resolves with its
   * value; rejects with the cancellation, or with what the body threw. If the operation is cancelled
   * already, the body never starts.
   */
  async run<T>(body: (op: Cancellable) => T | PromiseLike<T>): Promise<T> {
    requireFunction(body, "body");
    this.#begin();
    const { node } = this;
    let value: T;
    try {
      if (this.#callbacks?.has("start")) {
        const starting = enter(node, () => this.#emit("start"), undefined);
        if (starting !== undefined) await this.#bounded(() => starting);
      }
      node.check();
      value = await this.#bounded(() => enter(node, body, this));
      while (node.live > 0) await this.#patient.within(() => node.empty());
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

  /** Waits for `work`, once cancelled no longer than the grace. Without a grace it costs no promise. */
  #bounded<T>(work: () => T | PromiseLike<T>): T | PromiseLike<T> {
    return this.#options?.graceMs === undefined ? work() : this.#patient.within(work);
  }

  #close(): void {
    this.#patience?.[Symbol.dispose]();
    this.node.close();
  }

  /** The body failed or was cancelled: what it left running is cancelled, and waited for within the grace. */
  #endChildren(): Promise<void> {
    return this.#withinGrace(() => this.node.abandonChildren());
  }

  async #withinGrace(work: () => Promise<void>): Promise<void> {
    try {
      await this.#patient.within(work);
    } catch {
      // The grace is over; nothing else rejects here.
    }
  }

  /** As {@link run}, and never rejects: resolves with what happened. */
  async settle<T>(body: (op: Cancellable) => T | PromiseLike<T>): Promise<Outcome<T>> {
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
   * The handle form: `await using op = Cancellable.withTimeout(500).start()`. It ends when it is disposed
   * of. It makes no ambient operation: use `op.sleep`, `op.waitFor`, `op.signal`.
   */
  start(): this {
    this.#begin();
    this.#isHandle = true;
    this.#callbacks?.emit("start", this.context);
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

  /** What an operation's body may be: cancelled, or failed with something that is not its cancellation. */
  #judge(error: unknown): Remainder {
    const { node } = this;
    // A cancellation that belongs to nobody, thrown by hand, cancels the operation that it leaves.
    if (node.own === undefined && isFreshCancellation(error)) {
      node.cancel(new Cancellation(error.reason, error.message, undefined, undefined, error));
    }
    return node.own === undefined ? { absorbed: false, error } : withoutCancellation(error, node.own.error);
  }

  #begin(): void {
    const { node } = this;
    if (node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", this.label);
    const parent = this.#options?.parent;
    const above =
      parent === null
        ? currentNode().host.root
        : parent === undefined
          ? currentNode()
          : explicitParent(parent);
    node.open(above, this.#timeout);
    this.#startedAt = node.host.now();
    this.#status = node.shielded ? "shielded" : "running";
    if (this.#sources !== undefined) this.#startSources(this.#sources);
    const register = this.#options?.register;
    const registry = register === true ? standingObserver() : register === false ? undefined : register;
    const everybodys = observerOfAll();
    if (registry !== undefined || everybodys !== undefined)
      this.#observer = together([this.#observer, registry, everybodys]);
    const { own } = node;
    notify(this.#observer, "started", this);
    // It was cancelled before anybody was told of it.
    if (own !== undefined) notify(this.#observer, "cancelled", this);
    this.#countIn(this.#counted);
    if (isObserved()) this.#publish("start");
  }

  /** Tells `observer` of what happens to this operation from now on; it is not told of what did. */
  observe(observer: OperationObserver): void {
    requireObserver(observer, "observer", "a registry");
    this.#observer = together([this.#observer, observer]);
  }

  /** Tells the operation above, past shields, which are part of theirs, that this one has begun or come further. */
  #countIn(fraction: number): void {
    if (this.node.shielded) return;
    let whole = this.parent;
    while (whole?.node.shielded) whole = whole.parent;
    if (whole === undefined || whole.#options?.progressFrom !== "children") return;
    whole.#tracker ??= new ProgressTracker();
    const weight = this.#options?.progressWeight ?? 1;
    // In its first one, and in one that it has been moved to, nothing of it has been counted.
    if (this.#countedIn === whole) whole.#tracker.part(0, weight * (fraction - this.#counted));
    else whole.#tracker.part(weight, weight * fraction);
    this.#countedIn = whole;
    this.#counted = fraction;
    notify(whole.#observer, "progressed", whole);
    whole.#countIn(whole.#tracker.estimate.fraction as number); // it has a part
  }

  #startSources(sources: CancellationSource[]): void {
    const { node } = this;
    try {
      this.#running = enter(
        node,
        () =>
          startSources(sources, {
            host: node.host,
            fired: (source, reason, message, detail) => this.#fired(source, reason, message, detail),
            takeDeadline: (at, expire) => this.#takeDeadline(at, expire),
          }),
        undefined,
      );
    } catch (error) {
      this.#finish("failed", error);
      node.close();
      throw error;
    }
  }

  #fired(
    source: CancellationSource,
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
  ): void {
    if (this.node.own !== undefined || this.hasEnded) return;
    this.#cancelledBy = source.name;
    this.node.cancelFor(reason, message, detail);
  }

  #takeDeadline(at: number, expire: () => void): void {
    this.#deadlines ??= [];
    this.#deadlines.push({ at, expire });
    if (at < this.node.at) this.node.setDeadline(at);
  }

  /** @internal */
  expired(): boolean {
    const { node } = this;
    if (node.own !== undefined) return true;
    // The node has the earliest of them.
    const due = this.#deadlines?.find(({ at }) => at <= node.at);
    if (due === undefined) {
      this.#cancelledBy = "timeout"; // the only deadline that no source has handed over
      return false;
    }
    due.expire();
    return true;
  }

  /** @internal */
  cancelled(): void {
    if (isObserved()) queueMicrotask(() => this.#publish("cancel"));
    if (this.#observer !== undefined) announce(() => notify(this.#observer, "cancelled", this));
    if (this.#status !== "running" && this.#status !== "shielded") return;
    this.#patient.begin();
  }

  get #patient(): Patience {
    this.#patience ??= new Patience(this.node, this.#options?.graceMs, () => this.label);
    return this.#patience;
  }

  get #isAbandoned(): boolean {
    return this.#patience?.abandoned === true;
  }

  /** Settles status and time (O3), and stops everything (O2). Whether anybody is to be told. */
  #finish(status: OperationStatus, error: unknown): boolean {
    const { node } = this;
    this.#running?.[Symbol.dispose]();
    // Nothing that has ended expires.
    node.slot?.leave();
    node.at = node.effective = Number.POSITIVE_INFINITY;
    this.#status = status;
    this.#endedAt = node.host.now();
    this.#ended = { cancellation: node.own, error };
    if (status === "completed") this.#countIn(1);
    notify(this.#observer, "ended", this);
    if (isObserved()) this.#publish("end");
    return this.#callbacks !== undefined;
  }

  /** Calls the callbacks of the end, out of reach of any cancellation, and waits for them; see `graceMs`. */
  async #tell(kind: "complete" | "cancel" | "error"): Promise<void> {
    if (!this.#callbacks?.has(kind)) return;
    const call = async (): Promise<void> =>
      new CancelScope({ shield: true, parent: this }).run(() => this.#emit(kind));
    await (kind === "cancel" ? this.#patient.withinForCallbacks(call) : call());
  }

  #emit(kind: "start" | "complete" | "cancel" | "error"): Promise<void> | undefined {
    const { context } = this;
    return kind === "error"
      ? this.#listeners.emitAndWait(kind, context, this.#ended?.error)
      : this.#listeners.emitAndWait(kind, context);
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
    requireCause(reason, message);
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

  /**
   * Runs `body` in an operation below this one that a cancellation of this one does not reach: for
   * clean-up that awaits. Leaving it is no checkpoint.
   *
   * @param options.timeout Time allowed inside. Default: no limit.
   */
  async shield<T>(
    body: (op: Cancellable) => T | PromiseLike<T>,
    options?: { readonly timeout?: Span },
  ): Promise<T> {
    requireFunction(body, "body");
    requireOptions(options);
    const inner = new Cancellable({
      metadata: { shielded: true },
      ...(this.name === undefined ? {} : { name: this.name }),
    });
    if (options?.timeout !== undefined) inner.#timeout = toMilliseconds(options.timeout, "options.timeout");
    inner.node.shielded = true;
    inner.node.attach(explicitParent(this));
    return inner.run(body);
  }

  /** `fn`, as a function that runs in this operation and is waited for as by {@link waitFor}; not called once cancelled. */
  wrap<A extends unknown[], T>(fn: (...args: A) => T | PromiseLike<T>): (...args: A) => Promise<T> {
    requireFunction(fn, "fn");
    return (...args) => waitIn(this.node, () => enter(this.node, () => fn(...args), undefined));
  }

  /**
   * `source` read under this operation: its items stop when this is cancelled, within one item also while the source is silent,
   * and the source is closed; see {@link cancellableStream}.
   */
  stream<T>(source: StreamInput<T>, options?: StreamOptions<T>): CancellableStream<T> {
    return stream(this, source, options);
  }

  /** Tells the listeners of this operation and of all above how far it is. */
  reportProgress(progress: Progress, metadata?: Record<string, unknown>): void {
    requireProgress(progress);
    requireOptions(metadata, "metadata");
    this.#progress = progress;
    this.#tracker ??= new ProgressTracker();
    this.#tracker.report(progress, this.node.host.now());
    let operation: Cancellable | undefined = this;
    for (; operation !== undefined; operation = operation.parent) {
      if (operation.#callbacks?.has("progress"))
        operation.#callbacks.emit("progress", this.id, progress, metadata);
    }
    notify(this.#observer, "progressed", this);
    const { fraction } = this.#tracker.estimate;
    if (fraction !== undefined && !this.hasEnded) this.#countIn(fraction);
    if (isObserved()) this.#publish("progress");
  }

  // ---- callbacks ------------------------------------------------------------------------------

  /** Before the body, inside the operation's time; waited for. */
  onStart(callback: Callback<"start">): this {
    return this.#on("start", callback);
  }
  /** For every report of this operation and of those below. */
  onProgress(callback: Callback<"progress">): this {
    return this.#on("progress", callback);
  }
  /** After the body returned; waited for before `run` settles. */
  onComplete(callback: Callback<"complete">): this {
    return this.#on("complete", callback);
  }
  /** After the operation ended as cancelled; waited for before `run` settles. */
  onCancel(callback: Callback<"cancel">): this {
    return this.#on("cancel", callback);
  }
  /** After the body failed; waited for before `run` settles. */
  onError(callback: Callback<"error">): this {
    return this.#on("error", callback);
  }

  #on<K extends "start" | "progress" | "complete" | "cancel" | "error">(
    kind: K,
    callback: Callback<K>,
  ): this {
    requireFunction(callback, "callback");
    this.#listeners.add(kind, callback);
    return this;
  }

  get #listeners(): Callbacks {
    this.#callbacks ??= new Callbacks();
    return this.#callbacks;
  }

  // ---- facts ----------------------------------------------------------------------------------

  get id(): string {
    this.#id ??= crypto.randomUUID();
    return this.#id;
  }

  get name(): string | undefined {
    return this.#options?.name;
  }

  /** The operation as messages call it. */
  get label(): string {
    return this.name === undefined ? `operation ${this.id}` : `operation "${this.name}"`;
  }

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

  get context(): OperationContext {
    this.#context ??= new OperationContext(this);
    return this.#context;
  }

  /** The nearest operation above. */
  get parent(): Cancellable | undefined {
    const above = this.node.parent as ScopeNode | undefined;
    return above?.operation as Cancellable | undefined;
  }

  get parentId(): string | undefined {
    return this.parent?.id;
  }

  /** The operations directly below that have not ended, oldest first. */
  get children(): readonly Cancellable[] {
    const found: Cancellable[] = [];
    const nodes: ScopeNode[] = [this.node];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (node !== this.node && node.operation !== this) {
        found.push(node.operation as Cancellable);
        continue;
      }
      for (const child of (node.children() as ScopeNode[]).reverse()) nodes.push(child);
    }
    return found;
  }

  /** Whether cancellation was asked for, or came from above, or the deadline has passed. */
  get isCancelled(): boolean {
    return this.hasEnded ? this.#ended?.cancellation !== undefined : this.node.pending() !== undefined;
  }

  get isRunning(): boolean {
    return this.#status === "running" || this.#status === "shielded";
  }

  /** Whether the body returned a value. */
  get isCompleted(): boolean {
    return this.#status === "completed";
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Whether cancellation was asked for, or came from above. */
  get cancelCalled(): boolean {
    return this.isCancelled;
  }

  /** Whether the cancellation is what ended it. */
  get cancelledCaught(): boolean {
    return this.#status === "cancelled";
  }

  /** @internal */
  get startTime(): Date | undefined {
    this.#startTime ??= this.#wallTime(this.#startedAt);
    return this.#startTime;
  }

  /** @internal */
  get endTime(): Date | undefined {
    this.#endTime ??= this.#wallTime(this.#endedAt);
    return this.#endTime;
  }

  /** @internal */
  get duration(): number | undefined {
    if (this.#startedAt === undefined) return undefined;
    return (this.#endedAt ?? this.node.host.now()) - this.#startedAt;
  }

  /** @internal */
  get cancelReason(): CancellationReason | undefined {
    return this.#cancellation?.reason;
  }

  /** @internal */
  get cancelMessage(): string | undefined {
    return this.#cancellation?.error.message;
  }

  /** @internal */
  get errorMessage(): string | undefined {
    if (this.#status !== "failed") return undefined;
    const error = this.#ended?.error;
    if (typeof error === "string") return error;
    try {
      return error instanceof Error ? error.message : show(error);
    } catch {
      return "an error that cannot be read";
    }
  }

  /** @internal */
  get metadata(): Record<string, unknown> {
    this.#metadata ??= {};
    if (this.#cancelledBy !== undefined) this.#metadata.cancelledBy ??= this.#cancelledBy;
    return this.#metadata;
  }

  /** @internal */
  get progress(): Progress | undefined {
    return this.#progress;
  }

  /** @internal */
  get estimate(): ProgressEstimate | undefined {
    return this.#tracker?.estimate;
  }

  /** @internal What {@link OperationSource} starts instead of this operation. */
  pendingSources(): CancellationSource[] {
    if (this.node.phase !== "new") return [];
    const timeout = this.#timeout === undefined ? [] : [new TimeoutSource(this.#timeout)];
    return [...timeout, ...(this.#sources ?? [])];
  }

  /** @internal A combination that it was a part of has ended: unless it was started, nothing of it stays in its parent. */
  release(): void {
    const { node } = this;
    if (node.phase !== "new") return;
    node.detach();
    node.parent = undefined;
  }

  get #cancellation(): Cancellation | undefined {
    return this.#ended === undefined ? this.node.own : this.#ended.cancellation;
  }

  #wallTime(at: number | undefined): Date | undefined {
    if (at === undefined) return undefined;
    const { runtime } = this.node.host;
    return new Date(runtime.epoch() - (runtime.now() - at));
  }

  #requirePending(): void {
    if (this.node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", this.label);
  }

  #publish(type: "start" | "progress" | "cancel" | "end"): void {
    publish({ type, operation: this.context.toJSON() });
  }

  toString(): string {
    return `Cancellable(${this.label}, ${this.#status})`;
  }
}

/** The operation that the calling code runs in, if any. */
export function currentOperation(): Cancellable | undefined {
  return currentNode().operation as Cancellable | undefined; // only operations are put there
}

function isOperation(part: unknown): part is Cancellable {
  return part instanceof Cancellable;
}

function partSources(parts: readonly CancellationPart[]): CancellationSource[] {
  if (parts.length === 0) throw outOfRange("parts", "not empty: At least one source is required", parts);
  return parts.map((part, index) => toSource(part, `parts[${index}]`, isOperation));
}

/** Made by hand: no token, scope or operation has it as its own. */
function isFreshCancellation(error: unknown): error is CancellationError {
  try {
    return error instanceof CancellationError && !CancellationError.isOwned(error);
  } catch {
    // It throws when it is looked at.
    return false;
  }
}
