import { type CancellationError, report, waitFor } from "@hother/cancelable";

/**
 * Calls `cut` once, in the async context of the caller, when the ambient scope is cancelled. If the scope ends well
 * before, the next open scope above takes its place, as for every wait. An error of `cut` goes to the reporter.
 *
 * @param what The code that is watched, for the reporter.
 * @returns A function that ends this. After it `cut` is not called any more.
 */
export function untilCancelled(cut: (reason: CancellationError) => void, what: string): () => void {
  let isOver = false;
  let end!: () => void;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  waitFor(over).then(undefined, (reason: CancellationError) => {
    if (isOver) return;
    try {
      cut(reason);
    } catch (error) {
      report(error, what);
    }
  });
  return () => {
    isOver = true;
    end();
  };
}
