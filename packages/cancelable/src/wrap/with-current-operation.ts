import { requireFunction } from "../arguments.ts";
import { type Cancellable, currentOperation } from "../cancellable.ts";
import { explicitLast, replaceLast } from "./argument-place.ts";
import { copySignature } from "./copy-signature.ts";

/**
 * `fn`, whose last parameter is filled in with the ambient operation, or with undefined outside of any. An
 * operation that the caller gives wins. Nothing is started, and the result is handed on as it is: `fn` need
 * not be async. Omitted arguments before the operation are undefined; after a parameter with a default
 * value callers give every argument, because such parameters cannot be counted.
 *
 * Where the host has no AsyncLocalStorage, the ambient operation is known in the synchronous part of a body.
 *
 * @throws TypeError if `fn` is no function. The wrapper throws what `fn` throws.
 *
 * @example
 * ```ts
 * import { Cancellable, withCurrentOperation } from "@hother/cancelable";
 *
 * const note = withCurrentOperation((text: string, op: Cancellable | undefined) => {
 *   op?.reportProgress(text);
 *   return op?.name;
 * });
 * console.assert(note("nobody hears this") === undefined);
 * await new Cancellable({ name: "import" }).run(() => console.assert(note("half way") === "import"));
 * ```
 */
export function withCurrentOperation<This, A extends unknown[], R>(
  fn: (this: This, ...args: [...A, Cancellable | undefined]) => R,
): (this: This, ...args: [...A, op?: Cancellable | undefined]) => R {
  requireFunction(fn, "fn");
  const wrapper = function (this: This, ...args: unknown[]): R {
    const all = explicitLast(fn, args) === undefined ? replaceLast(fn, args, currentOperation()) : args;
    return Reflect.apply(fn, this, all as Parameters<typeof fn>); // the caller's, and the last one
  };
  return copySignature(wrapper, fn, 0);
}
