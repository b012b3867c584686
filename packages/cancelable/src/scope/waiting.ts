import { invalidType, isThenable } from "../arguments.ts";
import { type Cancellation } from "../token/cancellation.ts";
import { type CancelNode, Waiter } from "../token/tree.ts";
import { afterTurn, resolveFairly } from "./fair-turn.ts";
import type { ScopeNode } from "./scope-node.ts";

/** A wait in a scope. When the scope closes without a cancellation, the wait continues in the scope above (S4). */
export abstract class ScopeWait extends Waiter {
  override nodeClosed(above: CancelNode): void {
    const cancellation = above.pending();
    if (cancellation === undefined) above.wait(this);
    else this.reached(cancellation);
  }
}

/** A wait whose promise its creator settles. A cancellation of the scope rejects the promise. */
export class PromiseWaiter<T> extends ScopeWait {
  #resolve: ((value: T | PromiseLike<T>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  readonly promise: Promise<T>;

  constructor(node: ScopeNode) {
    super();
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    node.wait(this);
  }

  resolve(value: T | PromiseLike<T>): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#forget();
    resolve(value);
  }

  reject(error: unknown): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#forget();
    reject(error);
  }

  override reached(cancellation: Cancellation): void {
    this.reject(cancellation.error);
  }

  /**
   * A long-lived promise can keep this object alive for ever, so the object releases everything else when it settles.
   */
  #forget(): void {
    this.#resolve = this.#reject = undefined;
    this.remove();
  }
}

/** The rejected promise with which a wait in a cancelled scope ends. Undefined if the scope is not cancelled. */
export function rejectIfCancelled(node: ScopeNode): Promise<never> | undefined {
  const cancellation = node.pending();
  return cancellation === undefined ? undefined : Promise.reject(cancellation.error);
}

/** Waits for foreign work in a scope. When the scope is cancelled, the wait ends and the work continues. */
export function waitIn<T>(node: ScopeNode, work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
  const cancellation = node.pending();
  if (cancellation !== undefined) {
    abandon(work);
    return Promise.reject(cancellation.error);
  }
  let promise: T | PromiseLike<T>;
  try {
    if (typeof work === "function") promise = (work as () => T | PromiseLike<T>)();
    else if (isThenable(work)) promise = work;
    else throw invalidType("work", "a promise or a function", work);
  } catch (error) {
    return Promise.reject(error);
  }
  if (!isThenable(promise)) return resolveFairly(node, promise);
  // The function can have cancelled the scope in which it was called.
  const reached = node.pending();
  if (reached !== undefined) {
    abandon(promise);
    return Promise.reject(reached.error);
  }
  const waiter = new PromiseWaiter<T>(node);
  // `Promise.resolve` protects against thenables that throw or that call their callbacks twice.
  Promise.resolve(promise).then(
    (value) => waiter.resolve(value as T),
    (error: unknown) => waiter.reject(error),
  );
  // The work can settle in this turn of the event loop.
  return node.clock.isTurnDue() ? waiter.promise.then((value) => afterTurn(node, value)) : waiter.promise;
}

/** To be called for a promise that no code awaits any more. Its rejection then does not count as unhandled. */
export function abandon(work: unknown): void {
  if (typeof work !== "function" && isThenable(work)) Promise.resolve(work).then(undefined, () => {});
}
