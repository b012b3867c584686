import { type Span, toMilliseconds } from "../duration.ts";
import type { Slot, Timed } from "../runtime/deadline-queue.ts";
import { type Cancellation } from "../token/cancellation.ts";
import { Waiter } from "../token/tree.ts";
import type { ScopeNode } from "./scope-node.ts";
import { abandon } from "./waiting.ts";

/** A promise that a timer resolves and a cancellation rejects, whichever comes first. */
class Sleeper extends Waiter implements Timed {
  at: number;
  slot: Slot | undefined = undefined;
  /** The promise that {@link due} resolves. */
  promise: Promise<void> | undefined = undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(at: number, resolve: () => void, reject: (error: unknown) => void) {
    super();
    this.at = at;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  due(): void {
    this.leave();
    this.#resolve();
  }

  override reached(cancellation: Cancellation): void {
    this.slot?.leave();
    this.#reject(cancellation.error);
  }

  override dismissed(ended: Cancellation): void {
    abandon(this.promise);
    this.reached(ended);
  }
}

/** A promise that the next turn of the event loop resolves, unless it is cancelled first. */
class TurnWaiter extends Waiter {
  readonly #reject: (error: unknown) => void;
  readonly #withdraw: () => void;

  constructor(node: ScopeNode, resolve: () => void, reject: (error: unknown) => void) {
    super();
    this.#reject = reject;
    this.#withdraw = node.clock.runtime.turn(() => {
      this.leave();
      resolve();
    });
  }

  override reached(cancellation: Cancellation): void {
    this.#withdraw();
    this.#reject(cancellation.error);
  }
}

/** Gives the event loop a turn; a checkpoint. */
export function hopIn(node: ScopeNode): Promise<void> {
  const cancellation = node.pending();
  if (cancellation !== undefined) return Promise.reject(cancellation.error);
  return new Promise((resolve, reject) => node.wait(new TurnWaiter(node, resolve, reject)));
}

export function sleepIn(node: ScopeNode, span: Span): Promise<void> {
  let ms: number;
  try {
    ms = toMilliseconds(span, "span");
  } catch (error) {
    return Promise.reject(error);
  }
  if (ms <= 0) return hopIn(node);
  return sleepUntilIn(node, ms === Number.POSITIVE_INFINITY ? ms : node.clock.now() + ms);
}

/** Sleeps until `at` on the clock of the node's backend. */
export function sleepUntilIn(node: ScopeNode, at: number): Promise<void> {
  const cancellation = node.pending();
  if (cancellation !== undefined) return Promise.reject(cancellation.error);
  let sleeper!: Sleeper;
  const promise = new Promise<void>((resolve, reject) => {
    sleeper = new Sleeper(at, resolve, reject);
  });
  sleeper.promise = promise;
  node.wait(sleeper);
  // Also at Infinity: whoever sleeps until cancelled keeps the process alive.
  node.clock.deadlines.add(sleeper);
  return promise;
}
