/*
 * The messages and the shared state of the two ends of a call.
 *
 *  C1  The word `state` decides whether a call starts: the thread sets `started`, or the caller `withdrawn`. One of them is
 *      first. A call that was withdrawn never runs.
 *  C2  The arguments are in the channel before the call is given to the pool, so that the caller refuses a value that cannot
 *      be cloned, and later changes do not reach the thread.
 *  C3  The last message of a thread is `value`, `error` or `cancelled`. A thread that was ended sends none.
 *  C4  The caller sets `terminated` before it asks the pool to end the thread. Where the thread runs on (Deno), it never
 *      answers the pool, which does not know the call any more.
 *  C5  The items of a stream come before the last message. The thread sends `ahead` of them, and then one for each message
 *      of the caller, which sends one when the reader has taken an item.
 */

import type { CancellationJson } from "../errors.ts";
import type { Progress } from "../operation/progress.ts";
import type { SharedTokenHandle } from "./handle.ts";
import type { FunctionSource } from "./source/function-source.ts";
import type { EncodedError } from "./thread-error.ts";

export const queued = 0;
export const started = 1;
export const withdrawn = 2;
export const finished = 3;
export const terminated = 4;

/**
 * The thread has ended a call that it had started, and has sent its last message. Returns false if the thread was
 * terminated, and runs on.
 */
export function finish(state: Int32Array): boolean {
  const before = Atomics.compareExchange(state, 0, started, finished);
  /* v8 ignore if -- @preserve only on Deno, which lets a terminated thread run on */
  if (before === terminated) {
    Atomics.store(state, 0, finished);
    Atomics.notify(state, 0);
    return false;
  }
  return true;
}

/** Calls `fn` when a terminated thread that runs on has ended the call. Keeps no process alive. */
/* v8 ignore next -- @preserve only on Deno */
export function whenFinished(state: Int32Array, fn: () => void): void {
  const { waitAsync } = Atomics as {
    readonly waitAsync?: (words: Int32Array, at: number, value: number) => { readonly value: unknown };
  };
  const wait = waitAsync?.call(Atomics, state, 0, terminated);
  void Promise.resolve(wait?.value).then(fn);
}

/** The data that the pool gives to the thread. */
export interface ThreadCall {
  readonly state: Int32Array;
  readonly port: unknown;
  readonly token: SharedTokenHandle;
  readonly work: { readonly module: string; readonly exportName: string } | FunctionSource;
  /** The highest number of items that the reader has not taken, for a call that gives a stream of them (C5). */
  readonly ahead: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly metadata: Record<string, unknown>;
  /** Epoch milliseconds. */
  readonly deadline: number | undefined;
}

/** A message of the thread. Times are epoch milliseconds with fractions. */
export type ThreadMessage =
  | { readonly type: "started"; readonly at: number; readonly thread: number }
  | {
      readonly type: "progress";
      readonly progress: Progress;
      readonly metadata: Record<string, unknown> | undefined;
    }
  | { readonly type: "item"; readonly value: unknown }
  | { readonly type: "value"; readonly at: number; readonly value: unknown }
  | { readonly type: "error"; readonly at: number; readonly error: EncodedError }
  | { readonly type: "cancelled"; readonly at: number; readonly json: CancellationJson };

/** The time in epoch milliseconds, with fractions. The clocks of threads differ on some hosts. This time does not. */
export function threadTime(): number {
  return performance.timeOrigin + performance.now();
}
