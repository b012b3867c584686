import { invalidType, isThenable } from "../arguments.ts";
import { type Cancellation } from "../token/cancellation.ts";
import { type CancelNode, Waiter } from "../token/tree.ts";
import { afterTurn, resolveFairly } from "./fair-turn.ts";
import type { ScopeNode } from "./scope-node.ts";
import {
  type GrantedWait,
  isPending,
  markWait,
  type Wait,
  type WaitEnd,
  type WaitObserver,
  waitOf,
} from "./wait-of.ts";

/** A wait in a scope. When the scope closes without a cancellation, the wait continues in the scope above (S4). */
export abstract class ScopeWait extends Waiter {
  override nodeClosed(above: CancelNode): void {
    const cancellation = above.pending();
    if (cancellation === undefined) above.wait(this);
    else this.reached(cancellation);
  }
}

/** A wait whose promise its creator settles. A cancellation of the scope rejects the promise. */
export class PromiseWaiter<T> extends ScopeWait implements Wait {
  #resolve: ((value: T | PromiseLike<T>) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #observers: WaitObserver[] | undefined = undefined;
  end: WaitEnd | undefined = undefined;
  readonly promise: Promise<T>;

  constructor(node: ScopeNode) {
    super();
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    markWait(this.promise, this);
    node.wait(this);
  }

  resolve(value: T | PromiseLike<T>): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#end("served");
    resolve(value);
  }

  reject(error: unknown): void {
    this.#endWith("failed", error);
  }

  /**
   * Settles as foreign `work` does. The wait ends first, in a promise of its own: V8 finds the code that waits, for the
   * stack of an error of the work, only where the last handlers are the functions of this promise themselves.
   */
  settleAs(work: Promise<T>): void {
    const end = (as: WaitEnd): void => {
      if (this.#resolve !== undefined) this.#end(as);
    };
    void work
      .then(
        (value) => {
          end("served");
          return value;
        },
        (error: unknown) => {
          end("failed");
          throw error;
        },
      )
      .then(this.#resolve, this.#reject);
  }

  cut(error: unknown): void {
    this.#endWith("cut", error);
  }

  override reached(cancellation: Cancellation): void {
    this.cut(cancellation.error);
  }

  observe(observer: WaitObserver): void {
    this.#observers ??= [];
    this.#observers.push(observer);
  }

  withdraw(): void {}

  #endWith(end: WaitEnd, error: unknown): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#end(end);
    reject(error);
  }

  /**
   * Tells the observers. A long-lived promise can keep this object alive for ever, so the object releases everything
   * else when it settles.
   */
  #end(end: WaitEnd): void {
    const observers = this.#observers;
    this.end = end;
    this.#resolve = this.#reject = this.#observers = undefined;
    this.remove();
    if (observers !== undefined) for (const observer of observers) observer.waitEnded(end);
  }
}

/** Ends a wait of another scope when a cancellation reaches the scope that the wait was given to. */
class Follower extends ScopeWait implements WaitObserver {
  readonly #wait: Wait;

  constructor(wait: Wait) {
    super();
    this.#wait = wait;
  }

  override reached(cancellation: Cancellation): void {
    this.#wait.cut(cancellation.error);
  }

  waitEnded(): void {
    this.remove();
  }
}

/**
 * Gives a wait of this library to the scope `node`: a cancellation of the scope takes the wait out of its line and
 * rejects its promise. A wait that was served keeps its value, in a cancelled scope too.
 */
export function follow(node: ScopeNode, wait: Wait | GrantedWait): void {
  if (!isPending(wait) || wait.node === node) return;
  const cancellation = node.pending();
  if (cancellation !== undefined) {
    wait.cut(cancellation.error);
    return;
  }
  const follower = new Follower(wait);
  wait.observe(follower);
  node.wait(follower);
}

/** The rejected promise with which a wait in a cancelled scope ends. Undefined if the scope is not cancelled. */
export function rejectIfCancelled(node: ScopeNode): Promise<never> | undefined {
  const cancellation = node.pending();
  return cancellation === undefined ? undefined : Promise.reject(cancellation.error);
}

/**
 * Waits for work in a scope. When the scope is cancelled, the wait ends and foreign work continues. For a wait of this
 * library, the result is the promise of that wait itself, so that no value is lost between two promises.
 */
export function waitIn<T>(node: ScopeNode, work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
  const cancellation = node.pending();
  let promise: T | PromiseLike<T>;
  if (typeof work === "function") {
    if (cancellation !== undefined) return Promise.reject(cancellation.error);
    try {
      promise = work();
    } catch (error) {
      return Promise.reject(error);
    }
    if (!isThenable(promise)) return resolveFairly(node, promise);
  } else promise = work;
  const wait = waitOf(promise);
  if (wait !== undefined) {
    follow(node, wait);
    return promise as Promise<T>; // only promises have a wait
  }
  // A function can have cancelled the scope in which it was called.
  const reached = cancellation ?? node.pending();
  if (reached !== undefined) {
    abandon(promise);
    return Promise.reject(reached.error);
  }
  if (!isThenable(promise)) return Promise.reject(invalidType("work", "a promise or a function", promise));
  const waiter = new PromiseWaiter<T>(node);
  // `Promise.resolve` protects against thenables that throw or that call their callbacks twice.
  waiter.settleAs(Promise.resolve(promise));
  // The work can settle in this turn of the event loop.
  return node.clock.isTurnDue() ? waiter.promise.then((value) => afterTurn(node, value)) : waiter.promise;
}

/**
 * Refuses a function that decides by a promise: a promise counts as true, whatever its value is.
 *
 * @param result The result of `fn`, the function in `argument`.
 */
export function refusePromise(result: unknown, argument: string, fn: unknown): void {
  if (!isThenable(result)) return;
  abandon(result);
  throw invalidType(argument, "a function that returns no promise", fn);
}

/** To be called for a promise that no code awaits any more. Its rejection then does not count as unhandled. */
export function abandon(work: unknown): void {
  if (typeof work !== "function" && isThenable(work)) Promise.resolve(work).then(undefined, () => {});
}
