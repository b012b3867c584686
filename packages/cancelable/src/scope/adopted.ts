import { isThenable } from "../arguments.ts";
import { enter } from "./ambient.ts";
import type { ScopeNode } from "./scope-node.ts";

/**
 * The result of a body, to wait for outside of its scope. The `then` of a query builder, such as drizzle's or Prisma's, starts the
 * query, so it is called in the scope of the body, as by an `await` in the body.
 */
export function adopted<T>(node: ScopeNode, result: T | PromiseLike<T>): T | Promise<T> {
  if (result instanceof Promise && result.then === Promise.prototype.then) return result as Promise<T>;
  if (!isThenable(result)) return result;
  // At once, because hosts without AsyncLocalStorage have no ambient scope later.
  const adopt = (): Promise<T> => new Promise<T>((resolve, reject) => void result.then(resolve, reject));
  return enter(node, adopt, undefined);
}
