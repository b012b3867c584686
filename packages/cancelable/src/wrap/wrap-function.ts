import { invalidType, requireFunction } from "../arguments.ts";
import type { CallPlan } from "./call-plan.ts";
import { copySignature, effective } from "./copy-signature.ts";
import type { AnyFunction, AsyncFunction } from "./options.ts";

/** Wraps `fn` so that each call runs as an operation with this name. @param mayPassOperation See {@link Call}. */
export function wrapFunction(
  plan: CallPlan,
  fn: AnyFunction,
  name: string | undefined,
  mayPassOperation: boolean,
): AsyncFunction {
  const wrapper = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return plan.run({ fn, self: this, args, name, mayPassOperation });
  };
  const hidden = plan.options.inject === true && !mayPassOperation ? 1 : 0;
  return copySignature(wrapper, fn, hidden, effective(plan.options, name));
}

/** Requires a function. A generator function only returns an object, whose items would run outside the operation. */
export function requireWrappable(value: unknown, argument: string): asserts value is AnyFunction {
  requireFunction(value, argument);
  if (/Generator/.test(Object.prototype.toString.call(value)))
    throw invalidType(argument, "no generator function: cancellableStream limits its items", value);
}
