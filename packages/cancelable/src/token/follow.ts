import { Cancellation } from "./cancellation.ts";
import { type CancelNode, Waiter } from "./tree.ts";

/** Calls one of two functions inside the wave or the close of its node (T5), so they must not run user code. */
export class Link extends Waiter {
  readonly #reached: (cancellation: Cancellation) => void;
  readonly #closed: () => void;

  constructor(reached: (cancellation: Cancellation) => void, closed: () => void) {
    super();
    this.#reached = reached;
    this.#closed = closed;
  }

  override reached(cancellation: Cancellation): void {
    this.#reached(cancellation);
  }

  override nodeClosed(): void {
    this.#closed();
  }
}

/**
 * Calls `reached` when a cancellation reaches `followed`, immediately if it already has. Until then, `followed` has an
 * entry. The entry is removed when `node` is cancelled or closes, and by disposing.
 */
export function follow(
  node: CancelNode,
  followed: CancelNode,
  reached: (cancellation: Cancellation) => void,
): Disposable {
  const before = followed.pending();
  if (before !== undefined) reached(before);
  if (before !== undefined || node.pending() !== undefined) return { [Symbol.dispose]() {} };
  const { isPolled } = followed;
  const unfollow = (): void => {
    if (isPolled) node.unfollow(followed);
  };
  const unlink = (): void => {
    if (link.node === undefined) return;
    link.remove();
    unfollow();
  };
  const end = new Link(unlink, unlink);
  const link = new Link(
    (cancellation) => {
      unfollow();
      reached(cancellation);
    },
    () => {
      unfollow();
      end.remove();
    },
  );
  // Before the wait: a followed node that is closed calls back at once.
  if (isPolled) node.follow(followed);
  followed.wait(link);
  if (link.node !== undefined) node.wait(end);
  return {
    [Symbol.dispose]() {
      unlink();
      end.remove();
    },
  };
}

/** A cancellation with the reason and the message of another one, whose error becomes the cause. */
export function copyOf(other: Cancellation): Cancellation {
  return new Cancellation(other.reason, other.message, undefined, other);
}
