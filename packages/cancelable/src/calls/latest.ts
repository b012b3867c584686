import { requireFunction } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode, enter } from "../scope/ambient.ts";
import { Event } from "../sync/event.ts";
import type { CancelNode } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";

export interface LatestOptions {
  /** How long a superseded run may take to end before the next one starts without it. Default: no bound. */
  readonly grace?: Span | undefined;
}

const known: KnownOptions<LatestOptions> = { grace: 1 };

/**
 * Returns a function of which only the latest call counts. A call cancels the call before it with the reason
 * `superseded`, and starts when that call has ended. A call that is superseded while it waits never starts. Each run is an
 * operation in the scope of its caller.
 *
 * A call from inside its own run is refused: `UsageError` `ERR_WAITS_FOR_ITSELF`.
 *
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { isCancellation, sleep } from "@hother/cancelable";
 * import { latest } from "@hother/cancelable/calls";
 *
 * const search = latest(async (text: string) => {
 *   await sleep(5);
 *   return `results for ${text}`;
 * });
 * const first = search("c").catch((error) => isCancellation(error, { reason: "superseded" }));
 * console.assert((await search("cat")) === "results for cat" && (await first) === true);
 * ```
 */
export function latest<This, A extends unknown[], T>(
  fn: (this: This, ...args: A) => T | PromiseLike<T>,
  options?: LatestOptions,
): (this: This, ...args: A) => Promise<T> {
  requireFunction(fn, "fn");
  requireKnownOptions(options, known, "latest");
  const grace = options?.grace;
  if (grace !== undefined) toMilliseconds(grace, "options.grace");
  const name = fn.name || undefined;
  /** The latest call. */
  let current: Cancellable | undefined;
  /** The call whose run has begun and has not ended. */
  let running: Cancellable | undefined;
  /** Set when the latest run that has begun has ended. An event, because a call that is superseded leaves it. */
  let ended: Event | undefined;

  return async function (this: This, ...args: A): Promise<T> {
    const node = currentNode();
    node.check();
    for (let above: CancelNode | undefined = node; above !== undefined; above = above.parent) {
      if (above === running?.node) throw new UsageError("ERR_WAITS_FOR_ITSELF", `latest(${fn.name || "fn"})`);
    }
    current?.cancel("superseded", "a later call took the place of this one");
    const call = new Cancellable({ name, grace });
    current = call;
    const before = ended;
    const over = new Event();
    try {
      return await call.run(async () => {
        await before?.wait({ scope: call });
        call.check();
        running = call;
        ended = over;
        return enter(call.node, () => Reflect.apply(fn, this, args), undefined);
      });
    } finally {
      if (running === call) running = undefined;
      if (current === call) current = undefined;
      over.set();
    }
  };
}
