import { invalidType } from "../arguments.ts";
import type { Cancellable } from "../cancellable.ts";
import { CallPlan } from "./call-plan.ts";
import { type DecoratorContext, decorate } from "./decorate.ts";
import type {
  ArgumentsOf,
  AsyncFunction,
  CancellableFunction,
  InjectingOptions,
  WrapOptions,
  Wrapped,
} from "./options.ts";
import { requireWrappable, wrapFunction } from "./wrap-function.ts";

/** The result of {@link cancellable} without a function: a wrapper for functions and a standard decorator. */
export interface CancellableWrapper {
  /** For a method, also a static or private one. The method must return a promise, because the wrapper always does. */
  <This, F extends AsyncFunction>(value: F, context: ClassMethodDecoratorContext<This, F>): F;
  /** For a getter. Each read is an operation. */
  <This, V extends Promise<any>>(
    value: (this: This) => V,
    context: ClassGetterDecoratorContext<This, V>,
  ): (this: This) => V;
  /** For an auto-accessor that contains a function. */
  <This, F extends AsyncFunction>(
    value: ClassAccessorDecoratorTarget<This, F>,
    context: ClassAccessorDecoratorContext<This, F>,
  ): ClassAccessorDecoratorResult<This, F>;
  /** For a field that contains a function. */
  <This, F extends AsyncFunction>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, F>,
  ): (this: This, initial: F) => F;
  /** For a function. */
  <F extends Function>(fn: F): CancellableFunction<F>;
  /** For a project with `experimentalDecorators`: never matches. */
  (target: object, key: LegacyDecorators): never;
}

/** `never` for the arguments of a function with type parameters, which the compiler infers as `unknown`. */
type WithoutTypeParameters<A extends unknown[]> = number extends A["length"]
  ? InjectingOptions<A>
  : unknown extends A[number]
    ? never
    : InjectingOptions<A>;

/** The compiler shows this text if `experimentalDecorators` is on. */
type LegacyDecorators = "cancellable is a standard decorator: switch `experimentalDecorators` off";

/** `F` if its last argument can be an operation, otherwise `never`. */
type TakesOperation<F> = F extends (this: any, ...args: [...infer _, Cancellable]) => unknown ? F : never;

/** {@link CancellableWrapper} with `inject: true`. Methods declare the operation as an optional last parameter. */
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
  /** For a function. */
  <This, A extends unknown[], R>(
    fn: (this: This, ...args: [...A, Cancellable]) => R,
  ): ((this: This, ...args: A) => Promise<Awaited<R>>) & Wrapped;
  /** For a project with `experimentalDecorators`: never matches. */
  (target: object, key: LegacyDecorators): never;
}

/**
 * Wraps `fn` so that each call runs as an operation of its own. The operation starts with the call, below the ambient
 * scope. Each source in the options can cancel it. The call is awaited, as by `Cancellable.run`. The wrapper keeps the
 * parameters, `this`, the type parameters, the name and the length of `fn`. The result is always a promise. The
 * property `cancellableOptions` of the wrapper contains the options with their defaults.
 *
 * With `inject: true`, `fn` gets the operation as its last argument. Callers of the wrapper do not pass it. Omitted
 * arguments before the operation are undefined. If a parameter has a *default value*, callers must pass every
 * argument, because the position of the operation cannot be determined. `items.map` passes an index too, so such a
 * wrapper needs an arrow function around it there.
 *
 * An `id` is used by one call at a time: while this call runs, another call with the same `id` is rejected. Pass a
 * function of the arguments as `id` if calls overlap.
 *
 * Without `fn`, the result wraps any number of functions. It is also a standard (TC39) decorator for methods, getters,
 * and accessors and fields that contain functions. The options can be left out: `cancellable(fn)` and the decorator
 * without parentheses. The operations of a member are named `Class.member`, with the class
 * of the object. Bundlers that rename classes have an option that keeps the names (`keepNames`). A method with `inject`
 * declares the operation as an optional last parameter. It always gets its own operation, even if a caller passes
 * another one. `experimentalDecorators` is not supported. The options are checked immediately. Times are in milliseconds or
 * a `Duration`. Default: no options.
 *
 * @throws TypeError or RangeError that names the option. TypeError for a generator function: `cancellableStream` puts a
 * limit on its items.
 * @returns A function that never throws. It rejects with the cancellation; with the error of `fn`; with a `UsageError`:
 * `ERR_BUSY` for an `id` in use, `ERR_PARENT_ENDED`, or `ERR_UNSUPPORTED_HOST` for `signals` or `resources` on a host
 * without them; or with a RangeError for an empty `combine`.
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
 * class Service { @cancellable({ timeout: 10 }) async poll(): Promise<void> {
 *   await sleep({ minutes: 1 });
 * } }
 * await new Service().poll().catch((error) => console.assert(isCancellation(error)));
 * ```
 */
// The compiler explains an error with the last form that has the same number of arguments.
export function cancellable<This, F extends AsyncFunction>(
  value: F,
  context: ClassMethodDecoratorContext<This, F>,
): F;
export function cancellable<This, V extends Promise<any>>(
  value: (this: This) => V,
  context: ClassGetterDecoratorContext<This, V>,
): (this: This) => V;
export function cancellable<This, F extends AsyncFunction>(
  value: ClassAccessorDecoratorTarget<This, F>,
  context: ClassAccessorDecoratorContext<This, F>,
): ClassAccessorDecoratorResult<This, F>;
export function cancellable<This, F extends AsyncFunction>(
  value: undefined,
  context: ClassFieldDecoratorContext<This, F>,
): (this: This, initial: F) => F;
export function cancellable<F extends Function>(fn: F): CancellableFunction<F>;
export function cancellable(options?: WrapOptions): CancellableWrapper;
export function cancellable(options: InjectingOptions): InjectingWrapper;
export function cancellable<This, A extends unknown[], R>(
  options: WithoutTypeParameters<A>,
  fn: (this: This, ...args: [...A, Cancellable]) => R,
): ((this: This, ...args: A) => Promise<Awaited<R>>) & Wrapped;
// For functions with type parameters. The compiler keeps them only if the result has no properties.
export function cancellable<This, A extends unknown[], R>(
  options: InjectingOptions<A>,
  fn: (this: This, ...args: [...A, Cancellable]) => R,
): (this: This, ...args: A) => Promise<Awaited<R>>;
export function cancellable<F extends Function>(
  options: WrapOptions<ArgumentsOf<F>> | undefined,
  fn: F,
): CancellableFunction<F>;
export function cancellable(...args: readonly unknown[]): unknown {
  const [first, second] = args;
  if (isContext(second)) return decorate(new CallPlan({}), first, second);
  if (args.length > 2) throw legacyDecorators(second);
  if (args.length === 1 && typeof first === "function") return wrap(new CallPlan({}), first);
  const plan = new CallPlan(first === undefined ? {} : (first as WrapOptions)); // the plan checks it
  if (args.length === 2) return wrap(plan, second);
  return (value: unknown, context?: unknown): unknown => {
    if (typeof context === "object" && context !== null)
      return decorate(plan, value, context as DecoratorContext); // only decorators get an object here
    if (typeof context === "string" || typeof context === "symbol") throw legacyDecorators(context);
    return wrap(plan, value);
  };
}

function isContext(value: unknown): value is DecoratorContext {
  return typeof (value as Partial<DecoratorContext> | null | undefined)?.kind === "string";
}

function legacyDecorators(got: unknown): TypeError {
  return invalidType(
    "context",
    "the context of a standard decorator; switch `experimentalDecorators` off",
    got,
  );
}

function wrap(plan: CallPlan, fn: unknown): AsyncFunction {
  requireWrappable(fn, "fn");
  const { name } = fn;
  return wrapFunction(plan, fn, plan.options.name ?? (name === "" ? undefined : name), false);
}
