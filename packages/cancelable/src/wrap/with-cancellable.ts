import { invalidType, requireBoolean, requireFunction, requireOptions } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { UsageError } from "../usage-error.ts";
import { append } from "./argument-place.ts";
import { copySignature } from "./copy-signature.ts";
import type { AnyFunction, AsyncFunction, Promised } from "./options.ts";

/**
 * `fn`, each call of which runs in `op`, an operation that runs already and that any number of functions may
 * share: what cancels it cancels them, and it does not end before they have. It is the ambient operation
 * inside, whatever it is outside. Once `op` is cancelled, `fn` is not called any more. A call that is
 * cancelled is waited for; `op.wrap(fn)` is the form that leaves it behind.
 *
 * @param options.inject Whether `op` is passed as an extra last argument, as by {@link cancellable}. Default: false.
 * @throws TypeError for what is no operation or no function.
 * @returns A function that never throws: it rejects with the cancellation of `op`, with what `fn` threw, or
 * with `ERR_NOT_STARTED` or `ERR_ENDED` while `op` does not run.
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
  options?: { readonly inject?: false },
): Promised<F>;
export function withCancellable<This, A extends unknown[], R>(
  op: Cancellable,
  fn: (this: This, ...args: [...A, Cancellable]) => R,
  options: { readonly inject: true },
): (this: This, ...args: A) => Promise<Awaited<R>>;
export function withCancellable(
  op: Cancellable,
  fn: AnyFunction,
  options?: { readonly inject?: boolean },
): AsyncFunction {
  if (!(op instanceof Cancellable)) throw invalidType("op", "a Cancellable", op);
  requireFunction(fn, "fn");
  requireOptions(options);
  const inject = options?.inject ?? false;
  requireBoolean(inject, "options.inject");
  const wrapper = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    if (op.hasEnded) throw new UsageError("ERR_ENDED", op.label);
    if (!op.isRunning) throw new UsageError("ERR_NOT_STARTED", op.label);
    op.check();
    // A scope below it, so that the operation waits for the call.
    return new CancelScope({ parent: op }).run(() =>
      Reflect.apply(fn, this, inject ? append(fn, args, op) : args),
    );
  };
  return copySignature(wrapper, fn, inject ? 1 : 0);
}
