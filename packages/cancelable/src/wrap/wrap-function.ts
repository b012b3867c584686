import type { CallPlan } from "./call-plan.ts";
import { copySignature, effective } from "./copy-signature.ts";
import type { AnyFunction, AsyncFunction } from "./options.ts";

/** `fn`, each call of which is an operation called `name`. */
export function wrapFunction(
  plan: CallPlan,
  fn: AnyFunction,
  name: string | undefined,
  mayGiveOperation: boolean,
): AsyncFunction {
  const wrapper = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return plan.perform({ fn, self: this, args, name, mayGiveOperation });
  };
  const hidden = plan.options.inject === true && !mayGiveOperation ? 1 : 0;
  return copySignature(wrapper, fn, hidden, effective(plan.options, name));
}
