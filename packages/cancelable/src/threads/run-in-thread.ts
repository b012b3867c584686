import { setThreadRunner } from "../backends/thread-operations.ts";
import { Cancellable } from "../cancellable.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type Outcome, unwrap } from "../operation/outcome.ts";
import { OutgoingCall, type ThreadFacts } from "./outgoing-call.ts";
import { type AnyWork, type ThreadOptions, type ThreadWork, threadOptions } from "./thread-options.ts";

/** How a call in a thread ended. */
export type ThreadOutcome<T> = Outcome<T> & ThreadFacts;

/**
 * Runs a function in a thread of a pool. `currentOperation()`, `sleep`, deadlines and progress work in the thread as in
 * this one. The arguments and the result are structured clones.
 *
 * A cancellation is seen in the thread by the next checkpoint, also in a loop that never yields. A call that has not ended
 * after `grace` is ended with its thread. A call that was cancelled before its start never starts.
 *
 * The threads come from the package `piscina`, which the application installs, or from another {@link ThreadPool}. For a
 * call below an operation that is not the ambient one, give the operation as `parent`.
 *
 * @param work The export of a module, or a function. The source of a function is sent, so the function may use its
 *   arguments, its own names and the globals only. It can load packages with `import()`.
 * @throws TypeError for a function that uses something else, and for a method, a class, a bound or a native function.
 * @throws ThreadEndedError if the call ended its thread. The error of the function, with its class name, stack and cause.
 */
export async function runInThread<F extends AnyWork>(
  work: ThreadWork<F> | F,
  args: Parameters<F>,
  options?: ThreadOptions,
): Promise<Awaited<ReturnType<F>>> {
  return unwrap(await settle(work, args, options, "runInThread"));
}
// The types of work and arguments are those of `AsyncBackend.runSyncInThread`.
setThreadRunner((work, args) => runInThread(work as ThreadWork<AnyWork>, args as never));

/** As {@link runInThread}, and tells how the call ended. Rejects only for a wrong call. */
export async function settleInThread<F extends AnyWork>(
  work: ThreadWork<F> | F,
  args: Parameters<F>,
  options?: ThreadOptions,
): Promise<ThreadOutcome<Awaited<ReturnType<F>>>> {
  return settle(work, args, options, "settleInThread");
}

async function settle<F extends AnyWork>(
  work: ThreadWork<F> | F,
  args: Parameters<F>,
  options: ThreadOptions = {},
  called: string,
): Promise<ThreadOutcome<Awaited<ReturnType<F>>>> {
  requireKnownOptions(options, threadOptions, called);
  const call = new OutgoingCall(work, args, options);
  const { grace, pool, limiter, transfer, ...ofCall } = options;
  const op = new Cancellable({ name: call.name, ...ofCall });
  const outcome = await op.settle(() => call.run(op));
  return { ...(outcome as Outcome<Awaited<ReturnType<F>>>), ...call.facts() }; // the value comes from `F`
}
