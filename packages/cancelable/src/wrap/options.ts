import type { CancellationPart } from "../cancellable.ts";
import type { Span } from "../duration.ts";
import type { OperationObserver } from "../operation/observer.ts";
import type { ScopeParent } from "../scope/cancel-scope.ts";
import type { ResourceThresholds } from "../sources/resource-source.ts";
import type { SignalName } from "../sources/signal-source.ts";
import type { CancellationToken } from "../token/token.ts";

/** What every call of a wrapped function is given. All of it counts from the call, not from the wrapping. */
export interface WrapOptions {
  /** Time allowed for each call. 0 and less have expired already: the function is not called. Default: no limit. */
  readonly timeout?: Span | undefined;
  /** Cancels every call, running and to come, with its reason and message. */
  readonly token?: CancellationToken;
  /** Operating-system signals that cancel the calls that run when they arrive. */
  readonly signals?: SignalName | readonly SignalName[];
  /** Cancels every call, running and to come. */
  readonly signal?: AbortSignal;
  /** Cancels a call when it gives something true; asked at the call's start and every `conditionInterval`. */
  readonly condition?: () => boolean | PromiseLike<boolean>;
  /** Time from the end of one check of `condition` to the beginning of the next. Default: 100 ms. */
  readonly conditionInterval?: Span;
  /** Cancels a call when a measure of the machine goes above its threshold; looked at every second. */
  readonly resources?: ResourceThresholds;
  /**
   * Further parts, as for `Cancellable.anyOf`: a call is cancelled by the first of them. An array is shared
   * by all calls; a function is called with the arguments of each call and gives the parts of that one.
   * Never empty. Operations count as what cancels them: their callbacks are not called.
   */
  readonly combine?: readonly CancellationPart[] | ((...args: any[]) => readonly CancellationPart[]);
  /** The operations' name. Default: the function's; for methods `Class.method`. */
  readonly name?: string;
  /**
   * The operations' id, or a function of each call's arguments that gives it. While a call runs, another one
   * with the same id is refused with `ERR_BUSY`. Default: a new one for each call.
   */
  readonly id?: string | ((...args: any[]) => string);
  /** A plain object; each operation gets a copy. */
  readonly metadata?: Record<string, unknown>;
  /** What the operations hang below. `null`: nothing. Default: the ambient operation of each call. */
  readonly parent?: ScopeParent | null;
  /** How long a cancelled call may take to end before it is left behind. Default: no bound. */
  readonly grace?: Span;
  /** Whether the process's registry knows the operations while they run; or a registry that is to. Default: false. */
  readonly register?: boolean | OperationObserver;
  /** Not here: see {@link InjectingOptions}. */
  readonly inject?: false;
}

/** {@link WrapOptions} of a function whose last parameter is the operation. */
export interface InjectingOptions extends Omit<WrapOptions, "inject"> {
  /** The function is called with its operation after the arguments of the call. */
  readonly inject: true;
}

/** The options that hold for a wrapped function, defaults filled in. Frozen. */
export interface EffectiveOptions extends Omit<WrapOptions, "name" | "inject"> {
  /** What its operations are called; undefined if they have no name, or if it depends on the object of a call. */
  readonly name: string | undefined;
  readonly inject: boolean;
}

/*
 * Public signatures say `Function` where they mean any function: it has no parameters, which those of a
 * function expression would get their types from (`any`) instead of from their default values.
 */
export type AnyFunction = (this: any, ...args: any[]) => unknown;
export type AsyncFunction = (this: any, ...args: any[]) => Promise<any>;

/** A function with the parameters and `this` of `F`, that gives a promise of its result. */
type PromiseForm<F> = F extends (this: any, ...args: infer A) => infer R
  ? (this: ThisParameterType<F>, ...args: A) => Promise<Awaited<R>>
  : never;

/** As `F`, and always a promise. Type parameters and overloads of functions that give promises are kept. */
export type Promised<F> = F extends AsyncFunction
  ? [keyof F] extends [never]
    ? F
    : PromiseForm<F>
  : PromiseForm<F>;

/** What tells of a wrapped function how it is wrapped. */
export interface Wrapped {
  readonly cancellableOptions: EffectiveOptions;
}

/** What {@link cancellable} makes of a function of type `F`. */
export type CancellableFunction<F> = Promised<F> & Wrapped;
