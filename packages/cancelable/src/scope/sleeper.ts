import { type Span, toMilliseconds } from "../duration.ts";
import type { Slot, Timed } from "../runtime/timed.ts";
import { type Cancellation } from "../token/cancellation.ts";
import type { ScopeNode } from "./scope-node.ts";
import { rejectIfCancelled, ScopeWait } from "./waiting.ts";

/** Resolves a promise at a time, or rejects it when its scope is cancelled. */
class Sleeper extends ScopeWait implements Timed {
  at: number;
  slot: Slot | undefined = undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(at: number, resolve: () => void, reject: (error: unknown) => void) {
    super();
    this.at = at;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  due(): void {
    this.remove();
    this.#resolve();
  }

  override reached(cancellation: Cancellation): void {
    this.slot?.remove();
    this.#reject(cancellation.error);
  }
}

/** Resolves a promise in the next turn of the event loop, or rejects it when its scope is cancelled. */
class TurnWaiter extends ScopeWait {
  readonly #reject: (error: unknown) => void;
  readonly #cancelTurn: () => void;

  constructor(node: ScopeNode, resolve: () => void, reject: (error: unknown) => void) {
    super();
    this.#reject = reject;
    this.#cancelTurn = node.clock.runtime.turn(() => {
      this.remove();
      resolve();
    });
  }

  override reached(cancellation: Cancellation): void {
    this.#cancelTurn();
    this.#reject(cancellation.error);
  }
}

/** Waits for the next turn of the event loop. A checkpoint. */
export function nextTurnIn(node: ScopeNode): Promise<void> {
  const rejected = rejectIfCancelled(node);
  if (rejected !== undefined) return rejected;
  return new Promise((resolve, reject) => node.wait(new TurnWaiter(node, resolve, reject)));
}

/** Sleeps for `span` in the scope `node`. */
export function sleepIn(node: ScopeNode, span: Span): Promise<void> {
  let ms: number;
  try {
    ms = toMilliseconds(span, "span");
  } catch (error) {
    return Promise.reject(error);
  }
  if (ms <= 0) return nextTurnIn(node);
  return sleepUntilIn(node, ms === Number.POSITIVE_INFINITY ? ms : node.clock.now() + ms);
}

/** Sleeps until `at` on the clock of the node's backend, in the scope `node`. */
export function sleepUntilIn(node: ScopeNode, at: number): Promise<void> {
  const rejected = rejectIfCancelled(node);
  if (rejected !== undefined) return rejected;
  return new Promise<void>((resolve, reject) => {
    const sleeper = new Sleeper(at, resolve, reject);
    node.wait(sleeper);
    // Also for a time of Infinity: a task that sleeps until it is cancelled keeps the process alive.
    node.clock.deadlines.add(sleeper);
  });
}
