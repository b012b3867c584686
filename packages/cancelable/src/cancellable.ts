import { invalidType, requireFunction, requireOptions } from "./arguments.ts";
import { type Span, toMilliseconds } from "./duration.ts";
import type { Callback, CallbackKind } from "./operation/callbacks.ts";
import { Operation } from "./operation/operation.ts";
import { OperationSource, toSources } from "./operation/operation-source.ts";
import type { CancellableOptions } from "./operation/options.ts";
import { currentNode, enter } from "./scope/ambient.ts";
import { explicitParent } from "./scope/cancel-scope.ts";
import { waitIn } from "./scope/waiting.ts";
import { AbortSignalSource } from "./sources/abort-signal-source.ts";
import { AllOfSource, AnyOfSource } from "./sources/composite-source.ts";
import { ConditionSource } from "./sources/condition-source.ts";
import { DeadlineSource } from "./sources/deadline-source.ts";
import { type ResourceOptions, ResourceSource, type ResourceThresholds } from "./sources/resource-source.ts";
import { type SignalName, SignalSource } from "./sources/signal-source.ts";
import { CancellationSource } from "./sources/source.ts";
import { TokenSource } from "./sources/token-source.ts";
import { type OperationStream, stream } from "./streams/operation-stream.ts";
import type { StreamInput } from "./streams/reading/stream-input.ts";
import type { StreamOptions } from "./streams/reading/stream-options.ts";
import type { CancellationToken } from "./token/token.ts";
import { UsageError } from "./usage-error.ts";

/** A part of {@link Cancellable.anyOf} and {@link Cancellable.allOf}. */
export type CancellationPart = Cancellable | CancellationSource | CancellationToken | AbortSignal;

/** A stream that can be cancelled. It is read once, by one reader; see `cancellableStream`. */
export interface CancellableStream<T> extends OperationStream<T, Cancellable> {}

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
export class Cancellable extends Operation {
  // ---- constructors by what cancels -----------------------------------------------------------

  /** Cancelled when `span` (milliseconds, a `Duration`, or `null` for no limit), counted from the start, is over. */
  static withTimeout(span: Span, options?: CancellableOptions): Cancellable {
    const ms = toMilliseconds(span, "span");
    const operation = new Cancellable(options);
    operation.timeout = ms;
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
    return new Cancellable().addSource(new AnyOfSource(toSources(parts, "parts")));
  }

  /** Cancelled when each of its parts has fired; reason and message are the last one's. */
  static allOf(...parts: CancellationPart[]): Cancellable {
    return new Cancellable().addSource(new AllOfSource(toSources(parts, "parts")));
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
    const { id: _, token: __, metadata: ___, ...inherited } = this.options ?? {};
    const metadata = Object.assign({}, ...[...parts].reverse().map((part) => part.ownMetadata));
    const combined = new Cancellable({ ...inherited, metadata });
    for (const source of sources) combined.addSource(source);
    for (const part of parts) if (part.callbacks !== undefined) combined.listeners.addAll(part.callbacks);
    return combined;
  }

  /** Adds something that may cancel this operation. Before it starts. */
  addSource(source: CancellationSource): this {
    if (!(source instanceof CancellationSource)) throw invalidType("source", "a CancellationSource", source);
    if (this.node.phase !== "new") throw new UsageError("ERR_ALREADY_STARTED", this.label);
    this.watch(source);
    return this;
  }

  // ---- while it runs --------------------------------------------------------------------------

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
    const inner = new Cancellable(this.name === undefined ? undefined : { name: this.name });
    if (options?.timeout !== undefined) inner.setTimeout(options.timeout, "options.timeout");
    inner.node.shielded = true;
    inner.node.attach(explicitParent(this));
    return inner.run(body);
  }

  /** `fn`, as a function that runs in this operation and is waited for as by {@link waitFor}; not called once cancelled. */
  wrap<A extends unknown[], T>(fn: (...args: A) => T | PromiseLike<T>): (...args: A) => Promise<T> {
    requireFunction(fn, "fn");
    const { node } = this;
    return function (this: unknown, ...args) {
      return waitIn(node, () => enter(node, () => Reflect.apply(fn, this, args), undefined));
    };
  }

  /**
   * `source` read under this operation: its items stop when this is cancelled, within one item also while the source is silent,
   * and the source is closed; see {@link cancellableStream}.
   */
  stream<T>(source: StreamInput<T>, options?: StreamOptions<T>): CancellableStream<T> {
    return stream<T, Cancellable>(this, source, options);
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

  #on<K extends CallbackKind>(kind: K, callback: Callback<K>): this {
    requireFunction(callback, "callback");
    this.listeners.add(kind, callback);
    return this;
  }

  // ---- the tree -------------------------------------------------------------------------------

  /** The nearest operation above. */
  override get parent(): Cancellable | undefined {
    return super.parent as Cancellable | undefined; // every operation is made by this class
  }

  /** The operations directly below that have not ended, oldest first. */
  override get children(): readonly Cancellable[] {
    return super.children as readonly Cancellable[];
  }

  override toString(): string {
    return `Cancellable(${this.label}, ${this.status})`;
  }
}

/** The operation that the calling code runs in, if any. */
export function currentOperation(): Cancellable | undefined {
  return currentNode().operation as Cancellable | undefined; // only operations are put there
}
