import type { CancellationPart } from "../cancellable.ts";
import type { CancellableOptions } from "../operation/options.ts";

/**
 * The options of a wrapped function: those of an operation, for each call. All times count from the call. A token or a
 * signal also cancels all later calls. Each operation gets a copy of the metadata. `A` are the types of the arguments.
 */
export interface WrapOptions<A extends readonly unknown[] = any[]> extends Omit<CancellableOptions, "id"> {
  /**
   * Further parts, as for `Cancellable.anyOf`: the first part that fires cancels the call. All calls share an array. A
   * function is called with the arguments of each call and returns the parts for that call. At least one part is
   * required. An operation as a part is not started, and its callbacks are not called. Default: none.
   */
  readonly combine?: readonly CancellationPart[] | ((...args: A) => readonly CancellationPart[]) | undefined;
  /** The name of the operations. Default: the name of the function, or `Class.method` for methods. */
  readonly name?: string | undefined;
  /**
   * The id of the operations, or a function that returns the id for the arguments of a call. While a call runs,
   * another call with the same id is rejected with `ERR_BUSY`. Default: a new id for each call.
   */
  readonly id?: string | ((...args: A) => string) | undefined;
  /** True only in {@link InjectingOptions}. Default: false. */
  readonly inject?: false | undefined;
}

/** {@link WrapOptions} for a function with the operation as its last parameter. */
export interface InjectingOptions<A extends readonly unknown[] = any[]>
  extends Omit<WrapOptions<A>, "inject"> {
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

/** The types of the arguments of `F`. */
export type ArgumentsOf<F> = F extends (this: any, ...args: infer A) => unknown ? A : never;

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
