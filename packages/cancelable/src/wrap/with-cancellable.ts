import { invalidType, requireBoolean } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { requireKnownOptions } from "../known-options.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { UsageError } from "../usage-error.ts";
import { append } from "./argument-place.ts";
import { copySignature } from "./copy-signature.ts";
import type { AnyFunction, AsyncFunction, Promised } from "./options.ts";
import { requireWrappable } from "./wrap-function.ts";

/**
 * Wraps `fn` so that each call runs in `op`, an operation that is already running. Several functions can share one
 * operation: cancelling `op` cancels all their calls, and `op` does not end before the calls have ended. Inside a call,
 * `op` is the ambient operation. After `op` was cancelled, `fn` is not called. A cancelled call is awaited;
 * `op.wrap(fn)` is the form that abandons it.
 *
 * @param options.inject Whether `fn` gets `op` as an additional last argument, as in {@link cancellable}. Default:
 * false.
 * @throws TypeError if `op` is not an operation or `fn` is not a function.
 * @returns A function that never throws. It rejects with the cancellation of `op`, with the error of `fn`, or with a
 * `UsageError`: `ERR_NOT_STARTED` before `op` runs, `ERR_ENDED` after its end.
 *
 * @example
 * ```ts
 * import { Cancellable, currentOperation, withCancellable } from "@hother/cancelable";
 *
 * const op = Cancellable.withTimeout({ seconds: 5 }, { name: "import" });
 * const read = withCancellable(op, async (path: string) => `${path} in ${currentOperation()?.name}`);
 * const parse = withCancellable(op, async (text: string) => text.length);
 * console.assert((await op.run(async () => parse(await read("a.csv")))) === 15);
 * ```
 */
export function withCancellable<F extends Function>(
  op: Cancellable,
  fn: F,
  options?: { readonly inject?: false | undefined },
): Promised<F>;
export function withCancellable<This, A extends unknown[], R>(
  op: Cancellable,
  fn: (this: This, ...args: [...A, Cancellable]) => R,
  options: { readonly inject: true },
): (this: This, ...args: A) => Promise<Awaited<R>>;
export function withCancellable(
  op: Cancellable,
  fn: AnyFunction,
  options?: { readonly inject?: boolean | undefined },
): AsyncFunction {
  if (!(op instanceof Cancellable)) throw invalidType("op", "a Cancellable", op);
  requireWrappable(fn, "fn");
  requireKnownOptions(options, { inject: 1 }, "withCancellable");
  const inject = options?.inject ?? false;
  requireBoolean(inject, "options.inject");
  const wrapper = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    if (op.hasEnded) throw new UsageError("ERR_ENDED", op.label);
    if (!op.isRunning) throw new UsageError("ERR_NOT_STARTED", op.label);
    op.check();
    // The call has a scope below `op`, so `op` waits for the call.
    return new CancelScope({ parent: op }).run(() =>
      Reflect.apply(fn, this, inject ? append(fn, args, op) : args),
    );
  };
  return copySignature(wrapper, fn, inject ? 1 : 0);
}
