import { invalidType, outOfRange } from "../arguments.ts";
import type { CallPlan } from "./call-plan.ts";
import { copySignature, effective } from "./copy-signature.ts";
import { requireWrappable, wrapFunction } from "./wrap-function.ts";

/** The used part of the context of a standard decorator. */
export interface DecoratorContext {
  readonly kind: string;
  readonly name: string | symbol;
}

/** The value that a decorator of an auto-accessor gets. */
interface AccessorTarget {
  set(this: unknown, value: unknown): void;
}

/** The value that replaces the decorated element. It depends on the kind of the element. */
export function decorate(plan: CallPlan, value: unknown, context: DecoratorContext): unknown {
  const { kind, name } = context;
  switch (kind) {
    case "method":
      return replacement(plan, value, name);
    case "getter":
      if (plan.options.inject === true) {
        throw outOfRange("options.inject", "false for a getter, which has no parameters", true);
      }
      return replacement(plan, value, name);
    case "field":
      return function (this: unknown, initial: unknown): unknown {
        return wrapMember(plan, this, name, initial);
      };
    case "accessor": {
      const { set } = value as AccessorTarget;
      return {
        init(this: unknown, initial: unknown): unknown {
          return wrapMember(plan, this, name, initial);
        },
        set(this: unknown, next: unknown): void {
          set.call(this, wrapMember(plan, this, name, next));
        },
      };
    }
    default:
      throw invalidType("context.kind", '"method", "getter", "accessor" or "field"', kind);
  }
}

/**
 * For methods and getters: one wrapper for all objects. The names of its operations contain the class of the object.
 */
function replacement(plan: CallPlan, value: unknown, member: string | symbol): unknown {
  requireWrappable(value, "value");
  const fn = value;
  const { name } = plan.options;
  const wrapper = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return plan.run({
      fn,
      self: this,
      args,
      name: name ?? memberName(this, member),
      mayPassOperation: true,
    });
  };
  return copySignature(wrapper, fn, 0, effective(plan.options, name));
}

/** For accessors and fields that contain functions: one wrapper per object. */
function wrapMember(plan: CallPlan, owner: unknown, member: string | symbol, value: unknown): unknown {
  requireWrappable(value, memberName(owner, member));
  return wrapFunction(plan, value, plan.options.name ?? memberName(owner, member), true);
}

/** `Class.member` with the class of the object, or the member alone if the object has no class name. */
function memberName(owner: unknown, member: string | symbol): string {
  const name = typeof member === "symbol" ? `[${member.description ?? "symbol"}]` : member;
  const className = classNameOf(owner);
  return className === undefined ? name : `${className}.${name}`;
}

function classNameOf(owner: unknown): string | undefined {
  try {
    const owning = typeof owner === "function" ? owner : (owner as object | undefined | null)?.constructor;
    const name: unknown = typeof owning === "function" ? owning.name : undefined;
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    // A getter or a proxy of the user has thrown.
    return undefined;
  }
}
