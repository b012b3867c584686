import { CancelScope, type ScopeParent } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";

/**
 * Calls `fn` with `scope` as the ambient scope. Without a scope, the ambient scope stays.
 *
 * @throws TypeError for a value that is no scope, UsageError `ERR_PARENT_ENDED` for a scope that has ended.
 */
export function inScope<T>(
  scope: ScopeParent | undefined,
  argument: string,
  fn: () => Promise<T>,
): Promise<T> {
  if (scope === undefined) return fn();
  return new Promise((resolve, reject) => {
    if (typeof (scope as Partial<ScopeParent> | null)?.check !== "function")
      throw invalidType(argument, "a scope or an operation", scope);
    // A scope below the given one, which ends at once: what `fn` starts then belongs to the given one.
    new CancelScope({ parent: scope }).run(() => resolve(fn())).then(undefined, reject);
  });
}
