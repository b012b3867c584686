import { requireFunction } from "../arguments.ts";
import { type Cancellable, currentOperation } from "../cancellable.ts";
import { explicitLast, replaceLast } from "./argument-place.ts";
import { copySignature } from "./copy-signature.ts";

/**
 * Wraps `fn` so that it gets the ambient operation as its last argument, or `undefined` outside every operation. An
 * operation that the caller passes has precedence. The wrapper starts no operation and returns the result of `fn`
 * unchanged, so `fn` need not be async. Omitted arguments before the operation are undefined. If a parameter has a
 * default value, callers must pass every argument, because `fn.length` does not count this parameter and later ones.
 *
 * Without AsyncLocalStorage, the ambient operation is available in the synchronous part of a body only.
 *
 * @throws TypeError if `fn` is not a function. The wrapper throws the errors of `fn`.
 *
 * @example
 * ```ts
 * import { Cancellable, withCurrentOperation } from "@hother/cancelable";
 *
 * const note = withCurrentOperation((text: string, op: Cancellable | undefined) => {
 *   op?.reportProgress(text);
 *   return op?.name;
 * });
 * console.assert(note("outside") === undefined);
 * await new Cancellable({ name: "import" }).run(() => console.assert(note("half way") === "import"));
 * ```
 */
export function withCurrentOperation<This, A extends unknown[], R>(
  fn: (this: This, ...args: [...A, Cancellable | undefined]) => R,
): (this: This, ...args: [...A, op?: Cancellable | undefined]) => R {
  requireFunction(fn, "fn");
  const wrapper = function (this: This, ...args: unknown[]): R {
    const all = explicitLast(fn, args) === undefined ? replaceLast(fn, args, currentOperation()) : args;
    return Reflect.apply(fn, this, all as Parameters<typeof fn>); // the arguments of the caller, and the operation
  };
  return copySignature(wrapper, fn, 0);
}
