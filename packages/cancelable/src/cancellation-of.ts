import { causeOf, partsOf } from "./absorb.ts";
import { type AnyCancellation, isCancellationError } from "./errors.ts";

/**
 * The cancellation in an error: the error itself, the first cancellation in its `cause` chain, or the first one in an
 * `AggregateError` or a `SuppressedError` that contains nothing but cancellations. `undefined` for every other error.
 *
 * @example
 * ```ts
 * import { cancellationOf, isCancellation, sleep, taskGroup } from "@hother/cancelable";
 *
 * await taskGroup(async (group) => {
 *   const task = group.startSoon(() => sleep({ hours: 1 }));
 *   task.cancel("disconnect");
 *   const error = await task.then(undefined, (failure) => failure); // a TaskCancelledError
 *   console.assert(!isCancellation(error) && cancellationOf(error)?.reason === "disconnect");
 * });
 * ```
 */
export function cancellationOf(error: unknown): AnyCancellation | undefined {
  let found: AnyCancellation | undefined;
  const open: unknown[] = [error];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    let link = open.pop();
    while (!seen.has(link)) {
      if (isCancellationError(link)) {
        found ??= link;
        break;
      }
      if (typeof link !== "object" || link === null) return undefined;
      seen.add(link);
      const parts = partsOf(link);
      if (parts === undefined) link = causeOf(link);
      else {
        for (let i = parts.length - 1; i >= 0; i--) open.push(parts[i]);
        break;
      }
    }
  }
  return found;
}
