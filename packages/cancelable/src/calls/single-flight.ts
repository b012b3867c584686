import { requireFunction } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { SharedRun } from "./shared-run.ts";

export interface SingleFlightOptions<A extends unknown[]> {
  /** The key of a call. Calls with one key, compared as by a `Map`, share a run. */
  readonly key: (...args: A) => unknown;
}

const known: KnownOptions<SingleFlightOptions<unknown[]>> = { key: 1 };

/** A run and its function. */
interface Flight<T> {
  readonly run: SharedRun<T>;
  readonly body: () => T | PromiseLike<T>;
}

/**
 * Returns a function whose concurrent calls with one key share one run of `fn`. The run has the arguments and the async
 * context of the first call, lies below no caller, and has the latest deadline of its callers. A caller that is cancelled
 * leaves at once. When the last caller has left, the run is cancelled, and the next run for the key starts when this run
 * has ended: a key never has two runs. Nothing is kept after the end of a run.
 *
 * A run that calls the function with its own key, also through other runs, is refused: `UsageError`
 * `ERR_WAITS_FOR_ITSELF`. On hosts without AsyncLocalStorage, such a call is seen in the synchronous part of a run only.
 *
 * @throws TypeError if `fn` or `options.key` is not a function.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { singleFlight } from "@hother/cancelable/calls";
 *
 * let calls = 0;
 * const load = singleFlight(
 *   async (id: string) => {
 *     calls++;
 *     await sleep(5);
 *     return `user ${id}`;
 *   },
 *   { key: (id) => id },
 * );
 * const users = await Promise.all([load("ada"), load("ada")]);
 * console.assert(users.join() === "user ada,user ada" && calls === 1);
 * ```
 */
export function singleFlight<This, A extends unknown[], T>(
  fn: (this: This, ...args: A) => T | PromiseLike<T>,
  options: SingleFlightOptions<A>,
): (this: This, ...args: A) => Promise<T> {
  requireFunction(fn, "fn");
  requireKnownOptions(options, known, "singleFlight");
  const keyOf = options?.key;
  requireFunction(keyOf, "options.key");
  const name = `singleFlight(${fn.name || "fn"})`;
  /** The latest flight of each key. It has not started while the one before it runs. */
  const flights = new Map<unknown, Flight<T>>();

  /** Runs a flight, and then the one that has taken its place meanwhile. */
  const begin = async (key: unknown, flight: Flight<T>): Promise<void> => {
    flight.run.before = undefined;
    await flight.run.start(flight.body);
    const latest = flights.get(key) as Flight<T>; // only this function deletes one
    if (latest === flight || latest.run.isCancelled) flights.delete(key);
    else void begin(key, latest);
  };

  return async function (this: This, ...args: A): Promise<T> {
    const node = currentNode();
    node.check();
    const key = keyOf(...args);
    const last = flights.get(key);
    last?.run.refuseInside(node);
    if (last !== undefined && !last.run.isCancelled && !last.run.hasEnded) return last.run.join(node);
    const run = new SharedRun<T>(name, node.clock);
    const flight = { run, body: () => Reflect.apply(fn, this, args) };
    flights.set(key, flight);
    const joined = run.join(node);
    if (last === undefined) void begin(key, flight);
    // A run that was cancelled before it started is never waited for.
    else run.before = last.run.isStarted ? last.run : last.run.before;
    return joined;
  };
}
