import { invalidType, requireFunction } from "../arguments.ts";
import type { Cancellable } from "../cancellable.ts";
import { CallPlan } from "./call-plan.ts";
import { type DecoratorContext, decorate } from "./decorate.ts";
import type {
  AnyFunction,
  AsyncFunction,
  CancellableFunction,
  InjectingOptions,
  WrapOptions,
  Wrapped,
} from "./options.ts";
import { wrapFunction } from "./wrap-function.ts";

/** What {@link cancellable} gives without a function: a wrapper of functions, and a standard decorator. */
export interface CancellableWrapper {
  /** A method, static or private ones too. It has to give a promise, because it will. */
  <This, F extends AsyncFunction>(value: F, context: ClassMethodDecoratorContext<This, F>): F;
  /** A getter: each read is an operation. */
  <This, V extends Promise<any>>(
    value: (this: This) => V,
    context: ClassGetterDecoratorContext<This, V>,
  ): (this: This) => V;
  /** An auto-accessor that holds a function. */
  <This, F extends AsyncFunction>(
    value: ClassAccessorDecoratorTarget<This, F>,
    context: ClassAccessorDecoratorContext<This, F>,
  ): ClassAccessorDecoratorResult<This, F>;
  /** A field that holds a function. */
  <This, F extends AsyncFunction>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, F>,
  ): (this: This, initial: F) => F;
  /** A function. */
  <F extends Function>(fn: F): CancellableFunction<F>;
}

/** `F`, if an operation can be its last argument. */
type TakesOperation<F> = F extends (this: any, ...args: [...infer _, Cancellable]) => unknown ? F : never;

/** {@link CancellableWrapper} with `inject`. Methods declare the operation as an optional last parameter. */
export interface InjectingWrapper {
  <This, F extends AsyncFunction>(value: TakesOperation<F>, context: ClassMethodDecoratorContext<This, F>): F;
  <This, F extends AsyncFunction>(
    value: ClassAccessorDecoratorTarget<This, F>,
    context: ClassAccessorDecoratorContext<This, F>,
  ): ClassAccessorDecoratorResult<This, F>;
  <This, F extends AsyncFunction>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, F>,
  ): (this: This, initial: F) => F;
  /** A function. */
  <This, A extends unknown[], R>(
    fn: (this: This, ...args: [...A, Cancellable]) => R,
  ): ((this: This, ...args: A) => Promise<Awaited<R>>) & Wrapped;
}

/**
 * `fn`, each call of which is an operation of its own: started when it is called, below the ambient one,
 * cancelled by any of the sources in `options`, and waited for as by `Cancellable.run`. Parameters, `this`,
 * type parameters, name and length are kept; the result is always a promise. `wrapped.cancellableOptions`
 * are the options that hold.
 *
 * With `inject: true`, `fn` gets the operation as its last argument, which callers of the wrapper do not
 * give. Omitted arguments before it are undefined, but a parameter with a *default value* hides where the
 * operation belongs: callers then give every argument. Passed to `items.map`, which gives an index too,
 * such a wrapper needs an arrow function around it.
 *
 * An `id` belongs to one call at a time: while that runs, further calls are refused. Give `id` as a function
 * of the arguments where calls overlap.
 *
 * Without `fn` it gives a function that wraps any number of functions, and is a standard (TC39) decorator:
 * of methods, getters, and of accessors and fields that hold functions. Operations of a member are called
 * `Class.member`, by the class of the object it is called on; bundlers that rename classes have an option
 * against it (`keepNames`). Methods that ask for `inject` declare the operation as an optional last
 * parameter, and get their own, whatever a caller gives. Not for `experimentalDecorators`.
 *
 * @param options Spans in milliseconds or as a `Duration`. They are checked at once.
 * @throws TypeError or RangeError that names the option.
 * @returns A function that never throws: it rejects with the cancellation, with what `fn` threw, with
 * `ERR_BUSY` for an `id` in use, with `ERR_PARENT_ENDED`, with `ERR_UNSUPPORTED_HOST` for `signals` or
 * `resources` that the host does not tell of, or with a RangeError for an empty `combine`.
 *
 * @example
 * ```ts
 * import { type Cancellable, cancellable, isCancellation, sleep } from "@hother/cancelable";
 *
 * const load = cancellable(
 *   { name: "load", timeout: { seconds: 5 }, inject: true },
 *   async (id: number, op: Cancellable) => {
 *     await op.sleep(1);
 *     return `${op.name} ${id}`;
 *   },
 * );
 * console.assert((await load(7)) === "load 7");
 *
 * class Service {
 *   @cancellable({ timeout: 10 })
 *   async poll(): Promise<void> {
 *     await sleep({ minutes: 1 });
 *   }
 * }
 * await new Service().poll().catch((error) => console.assert(isCancellation(error)));
 * ```
 */
export function cancellable<F extends Function>(options: WrapOptions, fn: F): CancellableFunction<F>;
export function cancellable<This, A extends unknown[], R>(
  options: InjectingOptions,
  fn: (this: This, ...args: [...A, Cancellable]) => R,
): ((this: This, ...args: A) => Promise<Awaited<R>>) & Wrapped;
export function cancellable(options: WrapOptions): CancellableWrapper;
export function cancellable(options: InjectingOptions): InjectingWrapper;
export function cancellable(options: WrapOptions | InjectingOptions, ...rest: [fn?: unknown]): unknown {
  const plan = new CallPlan(options);
  if (rest.length > 0) return wrap(plan, rest[0]);
  return (value: unknown, context?: unknown): unknown => {
    if (typeof context === "object" && context !== null) {
      return decorate(plan, value, context as DecoratorContext); // the second argument of a decorator
    }
    if (typeof context === "string" || typeof context === "symbol") {
      throw invalidType(
        "context",
        "that of a standard decorator; turn `experimentalDecorators` off",
        context,
      );
    }
    return wrap(plan, value);
  };
}

function wrap(plan: CallPlan, fn: unknown): AsyncFunction {
  requireFunction(fn, "fn");
  const { name } = fn as AnyFunction; // just checked
  return wrapFunction(plan, fn as AnyFunction, plan.options.name ?? (name === "" ? undefined : name), false);
}
