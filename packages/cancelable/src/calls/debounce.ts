import { captureContext } from "#platform/ambient";
import { requireBoolean, requireFunction } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { currentNode } from "../scope/ambient.ts";
import { type CancelOptions, cancelNode } from "../token/cancel.ts";
import { SharedRun } from "./shared-run.ts";

export interface DebounceOptions {
  /**
   * Whether the run starts with the first call of a burst, and not after the last one. Later calls of the burst get its
   * outcome, and their arguments are not used. Default: false.
   */
  readonly leading?: boolean | undefined;
  /** The longest time from the first call of a burst to its end. A positive, finite span. Default: no limit. */
  readonly maxWait?: Span | undefined;
}

const known: KnownOptions<DebounceOptions> = { leading: 1, maxWait: 1 };

/** A function that {@link debounce} returns. */
export interface Debounced<This, A extends unknown[], T> {
  (this: This, ...args: A): Promise<T>;
  /** Starts the run of the calls that wait, now. Returns false if no call waits for a start. */
  flush(): boolean;
  /**
   * Cancels every burst: calls that wait for a start reject at once, and runs that have started are cancelled. Returns
   * false if there is no burst.
   */
  cancel(reason?: CancellationReason, message?: string, options?: CancelOptions): boolean;
}

interface Spans {
  readonly waitMs: number;
  readonly maxWaitMs: number;
}

/** The calls that share one run. */
class Burst<T> {
  readonly run: SharedRun<T>;
  readonly #latest: number;
  readonly #wait: number;
  #end = 0;
  #alarm: Disposable | undefined;

  /** @param abandoned Called inside the wave when the last caller leaves. */
  constructor(
    name: string,
    clock: Clock,
    { waitMs, maxWaitMs }: Spans,
    abandoned: (run: SharedRun<T>) => void,
  ) {
    this.run = new SharedRun<T>(name, clock, () => {
      this.disarm();
      abandoned(this.run);
    });
    this.#wait = waitMs;
    this.#latest = clock.now() + maxWaitMs;
  }

  /** Moves the end of the burst, after a call. */
  extend(): void {
    this.#end = Math.min(this.run.clock.now() + this.#wait, this.#latest);
  }

  get isOver(): boolean {
    return this.run.clock.now() >= this.#end;
  }

  /** Calls `ended` at the end of the burst, which later calls can move. */
  arm(ended: () => void): void {
    this.#alarm = this.run.clock.setAlarm(this.#end, () => {
      if (this.run.clock.now() < this.#end) this.arm(ended);
      else ended();
    });
  }

  disarm(): void {
    this.#alarm?.[Symbol.dispose]();
  }
}

/**
 * Returns a function that runs `fn` once for a burst of calls. The run starts when no call has come for `wait`. It has the
 * arguments and the async context of the last call that still waits. All calls of the burst get the outcome of the run.
 * The run lies below no caller, and has the latest deadline of its callers. A caller that is cancelled leaves at once. When
 * the last caller has left, the burst is cancelled.
 *
 * The runs of two bursts can overlap if a run takes longer than `wait`; to avoid that, give a function of `latest`.
 *
 * @param wait A positive, finite time span: milliseconds or a `Duration`.
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { debounce } from "@hother/cancelable/calls";
 *
 * const saved: string[] = [];
 * const save = debounce(async (text: string) => saved.push(text), 10);
 * const counts = await Promise.all([save("a"), save("ab"), save("abc")]);
 * console.assert(saved.join() === "abc" && counts.join() === "1,1,1");
 * ```
 */
export function debounce<This, A extends unknown[], T>(
  fn: (this: This, ...args: A) => T | PromiseLike<T>,
  wait: Span,
  options?: DebounceOptions,
): Debounced<This, A, T> {
  requireFunction(fn, "fn");
  const waitMs = toInterval(wait, "wait");
  requireKnownOptions(options, known, "debounce");
  const { leading = false, maxWait } = options ?? {};
  requireBoolean(leading, "options.leading");
  const maxWaitMs = maxWait === undefined ? Number.POSITIVE_INFINITY : toInterval(maxWait, "options.maxWait");
  const name = `debounce(${fn.name || "fn"})`;
  /** The burst that gets the next call. */
  let current: Burst<T> | undefined;
  /** The bursts whose callers have no outcome yet. */
  const live = new Set<SharedRun<T>>();

  const start = async (run: SharedRun<T>, body: () => T | PromiseLike<T>): Promise<void> => {
    await run.start(body);
    live.delete(run);
  };
  /** Ends the burst, and starts its run for the last caller that waits. */
  const end = (burst: Burst<T>): void => {
    burst.disarm();
    current = undefined;
    [...burst.run.callers].at(-1)?.start?.();
  };

  const debounced = async function (this: This, ...args: A): Promise<T> {
    const node = currentNode();
    node.check();
    // Without `leading`, the alarm ends the burst.
    if (current?.run.isCancelled || (leading && current?.isOver)) current = undefined;
    const isFirst = current === undefined;
    current ??= new Burst<T>(name, node.clock, { waitMs, maxWaitMs }, (run) => live.delete(run));
    const burst = current;
    const { run } = burst;
    run.refuseInside(node);
    burst.extend();
    const body = (): T | PromiseLike<T> => Reflect.apply(fn, this, args);
    if (leading) {
      const joined = run.join(node);
      if (isFirst) {
        live.add(run);
        void start(run, body);
      }
      return joined;
    }
    const inContext = captureContext();
    const joined = run.join(node, () => void inContext(() => start(run, body)));
    if (isFirst) {
      live.add(run);
      burst.arm(() => end(burst));
    }
    return joined;
  };
  const flush = (): boolean => {
    if (leading || current === undefined || current.run.isCancelled) return false;
    end(current);
    return true;
  };
  const cancel = (reason?: CancellationReason, message?: string, cancelOptions?: CancelOptions): boolean => {
    current?.disarm();
    current = undefined;
    const found = live.size > 0;
    for (const run of live) {
      cancelNode(run.node, cancel, reason, message, cancelOptions);
      run.settleUnstarted(run.node.own?.error);
    }
    live.clear();
    return found;
  };
  return Object.assign(debounced, { flush, cancel });
}
