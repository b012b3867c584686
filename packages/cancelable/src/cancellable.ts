/*
 * The public class of an operation. This file is long because static methods and their overloads cannot leave the class.
 */

import { invalidType, requireFunction, requireOptions } from "./arguments.ts";
import { type Span, toMilliseconds } from "./duration.ts";
import { requireKnownOptions } from "./known-options.ts";
import type { Callback, CallbackKind } from "./operation/callbacks.ts";
import { Operation } from "./operation/operation.ts";
import { OperationSource, toSource, toSources } from "./operation/operation-source.ts";
import { type CancellableOptions, cancellableOptions } from "./operation/options.ts";
import { ambientNode, enter } from "./scope/ambient.ts";
import { explicitParent } from "./scope/scope-options.ts";
import { waitIn } from "./scope/waiting.ts";
import { AbortSignalSource } from "./sources/abort-signal-source.ts";
import { AllOfSource, AnyOfSource } from "./sources/composite-source.ts";
import { ConditionSource } from "./sources/condition-source.ts";
import { DeadlineSource } from "./sources/deadline-source.ts";
import { type ResourceOptions, ResourceSource, type ResourceThresholds } from "./sources/resource-source.ts";
import { type SignalName, SignalSource } from "./sources/signal-source.ts";
import type { CancellationSource } from "./sources/source.ts";
import { TokenSource } from "./sources/token-source.ts";
import { type OperationStream, stream } from "./streams/operation-stream.ts";
import type { StreamInput } from "./streams/reading/stream-input.ts";
import type { StreamOptions } from "./streams/reading/stream-options.ts";
import type { CancellationToken } from "./token/token.ts";
import { UsageError } from "./usage-error.ts";

/** An argument of {@link Cancellable.anyOf}, {@link Cancellable.allOf} and {@link Cancellable.addSource}. */
export type CancellationPart = Cancellable | CancellationSource | CancellationToken | AbortSignal;

/** A stream that can be cancelled. One reader reads it once; see `cancellableStream`. */
export interface CancellableStream<T> extends OperationStream<T, Cancellable> {}

const { parent: _, shield: __, ...shieldOptions } = cancellableOptions;

/** `Cancellable` or a subclass, for the static methods. */
type OperationClass<C extends Cancellable> = new (options?: CancellableOptions) => C;

/** The arguments of a method that takes any number of values, or one array of values and options. */
function listAndOptions<T>(
  args: readonly unknown[],
): [list: readonly T[], options: CancellableOptions | undefined] {
  const [first, options] = args;
  // The values themselves are never arrays. The callers check them, and the constructor checks the options.
  return Array.isArray(first) ? [first, options as CancellableOptions | undefined] : [args as T[], undefined];
}

/**
 * An operation: work with an identity, a status, callbacks, and any number of sources that can cancel it. An
 * operation runs once.
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
  // ---- constructors, one per source -----------------------------------------------------------

  /**
   * Creates an operation that is cancelled `span` after its start (milliseconds, a `Duration`, or `null` for no
   * limit).
   */
  static withTimeout<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    span: Span,
    options?: CancellableOptions,
  ): C {
    const ms = toMilliseconds(span, "span");
    const operation = new this(options);
    operation.timeout = operation.timeout === undefined ? ms : Math.min(ms, operation.timeout);
    return operation;
  }

  /** Creates an operation that is cancelled with `token`, with the reason and message of the token. */
  static withToken<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    token: CancellationToken,
    options?: CancellableOptions,
  ): C {
    const source = new TokenSource(token);
    return new this(options).addSource(source);
  }

  /**
   * Creates an operation that is cancelled by operating-system signals. Default: SIGINT and SIGTERM. The form with
   * an array takes options.
   */
  static withSignal<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    signals: readonly SignalName[],
    options?: CancellableOptions,
  ): C;
  static withSignal<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    ...signals: SignalName[]
  ): C;
  static withSignal<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    ...args: readonly unknown[]
  ): C {
    const [signals, options] = listAndOptions<SignalName>(args);
    const source = new SignalSource(...signals);
    return new this(options).addSource(source);
  }

  /** Creates an operation that is cancelled when `signal` is aborted. */
  static withAbortSignal<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    signal: AbortSignal,
    options?: CancellableOptions,
  ): C {
    const source = new AbortSignalSource(signal);
    return new this(options).addSource(source);
  }

  /**
   * Creates an operation that is cancelled when `predicate` returns a truthy value.
   *
   * @param options.interval The time between two calls of `predicate`; the first call is at the start. Default: 100
   * ms.
   */
  static withCondition<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    predicate: () => boolean | PromiseLike<boolean>,
    options?: CancellableOptions & { readonly interval?: Span | undefined },
  ): C {
    requireOptions(options);
    const { interval, ...rest } = options ?? {};
    const source = new ConditionSource(predicate, { interval });
    return new this(rest).addSource(source);
  }

  /**
   * Creates an operation that is cancelled when a resource of the machine exceeds its threshold; see {@link
   * ResourceSource}.
   */
  static withResources<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    thresholds: ResourceThresholds,
    options?: CancellableOptions & Omit<ResourceOptions, "name">,
  ): C {
    requireOptions(options);
    const { interval, path, reader, ...rest } = options ?? {};
    const source = new ResourceSource(thresholds, { interval, path, reader });
    return new this(rest).addSource(source);
  }

  /**
   * Creates an operation that is cancelled at a time on the wall clock: a `Date` or epoch milliseconds. The reason is
   * `timeout`.
   */
  static withDeadline<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    deadline: Date | number,
    options?: CancellableOptions,
  ): C {
    const source = new DeadlineSource(deadline);
    return new this(options).addSource(source);
  }

  /**
   * Creates an operation that is cancelled by the first of its parts: operations, sources, tokens, `AbortSignal`s. The
   * form with an array takes options.
   */
  static anyOf<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    parts: readonly CancellationPart[],
    options?: CancellableOptions,
  ): C;
  static anyOf<C extends Cancellable = Cancellable>(this: OperationClass<C>, ...parts: CancellationPart[]): C;
  static anyOf<C extends Cancellable = Cancellable>(this: OperationClass<C>, ...args: readonly unknown[]): C {
    const [parts, options] = listAndOptions<CancellationPart>(args);
    const source = new AnyOfSource(toSources(parts, "parts"));
    return new this(options).addSource(source);
  }

  /**
   * Creates an operation that is cancelled when all of its parts have fired, with the reason and message of the last
   * one. The form with an array takes options.
   */
  static allOf<C extends Cancellable = Cancellable>(
    this: OperationClass<C>,
    parts: readonly CancellationPart[],
    options?: CancellableOptions,
  ): C;
  static allOf<C extends Cancellable = Cancellable>(this: OperationClass<C>, ...parts: CancellationPart[]): C;
  static allOf<C extends Cancellable = Cancellable>(this: OperationClass<C>, ...args: readonly unknown[]): C {
    const [parts, options] = listAndOptions<CancellationPart>(args);
    const source = new AllOfSource(toSources(parts, "parts"));
    return new this(options).addSource(source);
  }

  /**
   * Creates an operation that is cancelled when this operation, one of the others, or one of their sources is, with
   * the reason and message of the first. The new operation has the callbacks and the metadata of all of them, and the
   * name, the parent and the grace of this operation. The parts are not started.
   */
  combine(...others: Cancellable[]): Cancellable {
    const parts = [this, ...others];
    for (const [index, other] of others.entries()) {
      if (!(other instanceof Cancellable)) throw invalidType(`others[${index}]`, "a Cancellable", other);
    }
    const sources = parts.map((part) => new OperationSource(part));
    const { name, parent, grace, register, progressFrom, progressWeight } = this.options ?? {};
    const metadata = Object.assign({}, ...[...parts].reverse().map((part) => part.ownMetadata));
    const combined = new Cancellable({
      name,
      parent,
      grace,
      register,
      progressFrom,
      progressWeight,
      metadata,
    });
    for (const source of sources) combined.addSource(source);
    for (const part of parts) if (part.callbacks !== undefined) combined.listeners.addAll(part.callbacks);
    return combined;
  }

  /**
   * Adds a part that can cancel this operation: an operation, a source, a token or an `AbortSignal`. While the operation
   * runs, the part takes effect at once.
   *
   * @throws UsageError `ERR_ENDED` after the end.
   */
  addSource(part: CancellationPart): this {
    if (this.hasEnded) throw new UsageError("ERR_ENDED", this.label);
    this.watch(toSource(part, "part"));
    return this;
  }

  // ---- while it runs --------------------------------------------------------------------------

  /**
   * Runs `body` in a shielded operation below this one, for clean-up that awaits. A cancellation of this operation
   * does not reach it. The end of the shield is not a checkpoint.
   *
   * @param options.timeout The time allowed for `body`. Default: no limit.
   * @param options.name Default: the name of this operation.
   */
  async shield<T>(
    body: (op: Cancellable) => T | PromiseLike<T>,
    options?: Omit<CancellableOptions, "parent" | "shield">,
  ): Promise<T> {
    requireFunction(body, "body");
    requireKnownOptions(options, shieldOptions, "op.shield");
    const inner = new Cancellable({ name: this.name, ...options });
    inner.node.shielded = true;
    inner.node.attach(explicitParent(this));
    return inner.run(body);
  }

  /**
   * Wraps `fn`: a call runs in this operation and is awaited as by {@link waitFor}. In a cancelled operation `fn` is
   * not called.
   */
  wrap<A extends unknown[], T>(fn: (...args: A) => T | PromiseLike<T>): (...args: A) => Promise<T> {
    requireFunction(fn, "fn");
    const { node } = this;
    return function (this: unknown, ...args) {
      return waitIn(node, () => enter(node, () => Reflect.apply(fn, this, args), undefined));
    };
  }

  /**
   * Reads `source` in this operation. When the operation is cancelled, the stream ends within one item, also while
   * the source delivers nothing, and the source is closed; see `cancellableStream`.
   */
  stream<T>(source: StreamInput<T>, options?: StreamOptions<T>): CancellableStream<T> {
    return stream<T, Cancellable>(this, source, options);
  }

  // ---- callbacks ------------------------------------------------------------------------------

  /**
   * Adds a callback that runs before the body. The body waits for the callback, whose time counts for the timeout.
   * The callback runs also if the operation is already cancelled when it starts, so that every `onCancel` follows an `onStart`.
   */
  onStart(callback: Callback<"start">): this {
    return this.#on("start", callback);
  }
  /**
   * Adds a callback for every progress report of this operation and of the operations below:
   * `(progress, { context, metadata })`. `context` is the context of the operation that reported.
   */
  onProgress(callback: Callback<"progress">): this {
    return this.#on("progress", callback);
  }
  /** Adds a callback that runs after the body has returned. `run` waits for it. */
  onComplete(callback: Callback<"complete">): this {
    return this.#on("complete", callback);
  }
  /** Adds a callback that runs after the cancellation has ended the operation. `run` waits for it. */
  onCancel(callback: Callback<"cancel">): this {
    return this.#on("cancel", callback);
  }
  /** Adds a callback that runs after the body has failed. `run` waits for it. */
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
    return super.parent as Cancellable | undefined; // this class creates every operation
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
  return ambientNode().operation as Cancellable | undefined; // the node holds only operations
}
