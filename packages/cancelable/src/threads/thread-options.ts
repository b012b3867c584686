import type { Span } from "../duration.ts";
import type { KnownOptions } from "../known-options.ts";
import { type CancellableOptions, cancellableOptions } from "../operation/options.ts";
import type { CapacityLimiter } from "../sync/capacity-limiter.ts";
import type { ThreadPool } from "./pool.ts";

export type AnyWork = (...args: never[]) => unknown;

/** A function that a module exports. The type parameter is the type of the function. */
export interface ThreadWork<F extends AnyWork> {
  /** The module: `new URL("./work.js", import.meta.url)`. */
  readonly module: URL;
  /** The name of the export. Default: `"default"`. */
  readonly export?: string | undefined;
  /** Not for values: carries the type. */
  readonly type?: F | undefined;
}

/** The options of {@link runInThread}: those of an operation, and those of a thread. */
export interface ThreadOptions extends Omit<CancellableOptions, "shield"> {
  /**
   * How long a cancelled call may take to end by itself. Then its thread is terminated, and no `finally` of the call
   * runs. Default: 1 s.
   */
  readonly grace?: Span | undefined;
  /** The pool. Default: one {@link PiscinaPool} of the process. */
  readonly pool?: ThreadPool | undefined;
  /** Limits the number of calls, also together with other work. A lease is held until the thread is free. Default: none. */
  readonly limiter?: CapacityLimiter | undefined;
  /** The objects in the arguments that are transferred and not cloned. Default: none. */
  readonly transfer?: readonly unknown[] | undefined;
}

const { shield: _, ...ofOperation } = cancellableOptions;
/** @internal */
export const threadOptions: KnownOptions<ThreadOptions> = {
  ...ofOperation,
  pool: 1,
  limiter: 1,
  transfer: 1,
};
