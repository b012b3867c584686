import { captureContext } from "#platform/ambient";
import { requireFunction } from "../arguments.ts";
import { currentNode, enter } from "../scope/ambient.ts";

/**
 * Returns a function that calls `fn` in the scope and the async context of now, with the same `this` and arguments. For
 * queues, pools and emitters of other libraries, which can call a function in the context of another caller.
 *
 * @example
 * ```ts
 * import { bind, failAfter, sleep } from "@hother/cancelable";
 *
 * const waiting: Array<() => void> = []; // a queue of another library
 * const late = failAfter(10, () => new Promise((resolve, reject) => {
 *   waiting.push(bind(() => void sleep(60_000).then(resolve, reject)));
 * }));
 * waiting[0]?.(); // called from outside, and still under the limit
 * await late.catch((error) => console.assert(error.name === "TimeoutError"));
 * ```
 */
export function bind<This, A extends unknown[], R>(
  fn: (this: This, ...args: A) => R,
): (this: This, ...args: A) => R {
  requireFunction(fn, "fn");
  const node = currentNode();
  const inContext = captureContext();
  return function bound(this: This, ...args: A): R {
    return inContext(() => enter(node, () => Reflect.apply(fn, this, args), undefined));
  };
}
