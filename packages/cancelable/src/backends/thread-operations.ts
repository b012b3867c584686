/*
 * The operations of a backend that need other threads. The files in threads/ provide them when they are loaded, so that a
 * backend does not import the threads.
 */

import { UsageError } from "../usage-error.ts";
import type { BackendRuntime } from "./backend-runtime.ts";

/** Calls handlers by name on the loop of another thread, or of this one. */
export interface ThreadCalls {
  callSoon(name: string, payload?: unknown): void;
}

/** The bridges that have been started on a backend in this thread, the newest last. */
const started = new WeakMap<BackendRuntime, ThreadCalls[]>();

/** The bridge of another thread that this thread attached to last, if the thread has none of its own. */
let attached: readonly ThreadCalls[] = [];

/** Makes `calls` the bridge of a backend, until the result is disposed of. Without a backend: of all backends. */
export function setThreadCalls(calls: ThreadCalls, backend?: BackendRuntime): Disposable {
  if (backend === undefined) {
    attached = [...attached, calls];
    return { [Symbol.dispose]: () => void (attached = attached.filter((one) => one !== calls)) };
  }
  started.set(backend, [...(started.get(backend) ?? []), calls]);
  return {
    [Symbol.dispose]: () =>
      void started.set(
        backend,
        (started.get(backend) ?? []).filter((one) => one !== calls),
      ),
  };
}

/** @throws UsageError `ERR_NO_BRIDGE` if there is none. */
export function threadCallsOf(backend: BackendRuntime): ThreadCalls {
  const calls = started.get(backend)?.at(-1) ?? attached.at(-1);
  if (calls !== undefined) return calls;
  throw new UsageError("ERR_NO_BRIDGE", `The backend "${backend.name}"`);
}

/** Runs a function of a module in another thread. */
export type ThreadRunner = (work: unknown, args: readonly unknown[]) => Promise<unknown>;

let runner: ThreadRunner | undefined;

export function setThreadRunner(run: ThreadRunner): void {
  runner = run;
}

/** @throws UsageError `ERR_NO_THREADS` if the module with threads was not loaded. */
export function threadRunner(backend: BackendRuntime): ThreadRunner {
  if (runner === undefined) throw new UsageError("ERR_NO_THREADS", `The backend "${backend.name}"`);
  return runner;
}
