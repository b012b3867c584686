import { invalidType, isThenable } from "../arguments.ts";
import { type Cancellation } from "../token/cancellation.ts";
import { Waiter } from "../token/tree.ts";
import type { ScopeNode } from "./scope-node.ts";

/** A promise that is rejected when its scope is cancelled, and settled by whoever holds it. */
export class PromiseWaiter<T> extends Waiter {
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

  override dismissed(ended: Cancellation): void {
    abandon(this.promise);
    this.reached(ended);
  }

  /** A long-lived promise may keep this object for ever: it must not keep anybody else. */
  #forget(): void {
    this.#resolve = this.#reject = undefined;
    this.leave();
  }
}

/** Waits for foreign work in a scope: the wait ends when the scope is cancelled, the work is told nothing. */
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
  if (!isThenable(promise)) return Promise.resolve(promise);
  // The function may have cancelled the scope that it was called in.
  const reached = node.pending();
  if (reached !== undefined) {
    abandon(promise);
    return Promise.reject(reached.error);
  }
  const waiter = new PromiseWaiter<T>(node);
  // Foreign thenables may throw here, or call back twice.
  Promise.resolve(promise).then(
    (value) => waiter.resolve(value as T),
    (error: unknown) => waiter.reject(error),
  );
  return waiter.promise;
}

/** Nobody waits for this promise any more: its rejection is not an unhandled one. */
export function abandon(work: unknown): void {
  if (typeof work !== "function" && isThenable(work)) Promise.resolve(work).then(undefined, () => {});
}
