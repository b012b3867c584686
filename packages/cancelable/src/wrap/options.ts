import type { CancellationPart } from "../cancellable.ts";
import type { Span } from "../duration.ts";
import type { OperationObserver } from "../operation/observer.ts";
import type { ScopeParent } from "../scope/scope-options.ts";
import type { ResourceThresholds } from "../sources/resource-source.ts";
import type { SignalName } from "../sources/signal-source.ts";
import type { CancellationToken } from "../token/token.ts";

/** The options of a wrapped function. They apply to each call. All times count from the call. */
export interface WrapOptions {
  /**
   * The time limit of each call, in milliseconds or as a `Duration`. With 0 or less the function is not called.
   * Default: no limit.
   */
  readonly timeout?: Span | undefined;
  /** A token that cancels the running calls and all later calls, with its reason and message. Default: none. */
  readonly token?: CancellationToken;
  /** Signals of the operating system. A signal cancels the calls that run when the signal arrives. Default: none. */
  readonly signals?: SignalName | readonly SignalName[];
  /** An `AbortSignal` that cancels the running calls and all later calls. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * A function that cancels a call by returning true. It is called at the start of the call and then every
   * `conditionInterval`. Default: none.
   */
  readonly condition?: () => boolean | PromiseLike<boolean>;
  /**
   * The time between the end of one check of `condition` and the start of the next, in milliseconds or as a
   * `Duration`. Default: 100 ms.
   */
  readonly conditionInterval?: Span;
  /**
   * Limits of the machine's load. A call is cancelled above a limit. The load is checked every second. Default: none.
   */
  readonly resources?: ResourceThresholds;
  /**
   * Further parts, as for `Cancellable.anyOf`: the first part that fires cancels the call. All calls share an array. A
   * function is called with the arguments of each call and returns the parts for that call. At least one part is
   * required. An operation as a part is not started, and its callbacks are not called. Default: none.
   */
  readonly combine?: readonly CancellationPart[] | ((...args: any[]) => readonly CancellationPart[]);
  /** The name of the operations. Default: the name of the function, or `Class.method` for methods. */
  readonly name?: string;
  /**
   * The id of the operations, or a function that returns the id for the arguments of a call. While a call runs,
   * another call with the same id is rejected with `ERR_BUSY`. Default: a new id for each call.
   */
  readonly id?: string | ((...args: any[]) => string);
  /** A plain object. Each operation gets a copy. Default: none. */
  readonly metadata?: Record<string, unknown>;
  /** The parent of the operations. `null` means no parent. Default: the ambient scope of each call. */
  readonly parent?: ScopeParent | null;
  /**
   * How long a cancelled call may take to end before it is abandoned, in milliseconds or as a `Duration`. Default: no
   * limit.
   */
  readonly grace?: Span;
  /** Whether the operations are in the registry of the process while they run, or another registry. Default: false. */
  readonly register?: boolean | OperationObserver;
  /** True only in {@link InjectingOptions}. Default: false. */
  readonly inject?: false;
}

/** {@link WrapOptions} for a function with the operation as its last parameter. */
export interface InjectingOptions extends Omit<WrapOptions, "inject"> {
  /** The function gets its operation after the arguments of the call. */
  readonly inject: true;
}

/** The options of a wrapped function with their defaults. The object is frozen. */
export interface EffectiveOptions extends Omit<WrapOptions, "name" | "inject"> {
  /** The name of the operations. Undefined if they have none, or if the name depends on the object of a call. */
  readonly name: string | undefined;
  readonly inject: boolean;
}

/*
 * Public signatures use `Function` for any function, and not `AnyFunction`. With `AnyFunction`, the parameters of a
 * function expression would have the type `any` and not the types of their default values.
 */
export type AnyFunction = (this: any, ...args: any[]) => unknown;
export type AsyncFunction = (this: any, ...args: any[]) => Promise<any>;

/** A function with the parameters and `this` of `F` that returns a promise of the result. */
type PromiseForm<F> = F extends (this: any, ...args: infer A) => infer R
  ? (this: ThisParameterType<F>, ...args: A) => Promise<Awaited<R>>
  : never;

/** `F` with a promise as its result. An `F` that already returns a promise keeps its type parameters and overloads. */
export type Promised<F> = F extends AsyncFunction
  ? [keyof F] extends [never]
    ? F
    : PromiseForm<F>
  : PromiseForm<F>;

export interface Wrapped {
  /** The options with which the function was wrapped. */
  readonly cancellableOptions: EffectiveOptions;
}

/** The result of {@link cancellable} for a function of type `F`. */
export type CancellableFunction<F> = Promised<F> & Wrapped;
