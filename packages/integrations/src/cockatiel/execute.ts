import { sleep } from "@hother/cancelable";
import type { CircuitState, IBackoff, IPolicy } from "cockatiel";
import { isFailure, type PolicyCall } from "../scope/policy-call.ts";
import {
  type Breaker,
  type BreakerState,
  type Bulkhead,
  type Executor,
  executorOf,
  isBreaker,
  isBulkhead,
  isMerged,
  isRetry,
  isTimeout,
  type Result,
  type Retry,
  type Work,
} from "./policies.ts";

/** The values of `CircuitState`, which is imported as a type only. */
const open = 1 as CircuitState.Open;
const halfOpen = 2 as CircuitState.HalfOpen;

/** Runs `fn` through a policy, in one call. */
export async function execute<T>(
  policy: IPolicy,
  call: PolicyCall,
  fn: Work<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await through(policy, call, fn, signal);
  } catch (error) {
    // A policy that sees the abort throws an error of its own, such as "timed out".
    if (call.scope.isCancelled && (call.isStop(error) || isTaskCancelled(error))) throw call.scope.error;
    throw error;
  }
}

const isTaskCancelled = (error: unknown): boolean =>
  (error as { readonly isTaskCancelledError?: unknown } | null | undefined)?.isTaskCancelledError === true;

function through<T>(policy: IPolicy, call: PolicyCall, fn: Work<T>, signal: AbortSignal): Promise<T> {
  if (isMerged(policy)) return throughAll(policy.wrapped, call, fn, signal);
  if (isBulkhead(policy)) return throughBulkhead(policy, call, fn, signal);
  if (isRetry(policy)) return throughRetry(policy, call, fn, signal);
  if (isBreaker(policy)) return throughBreaker(policy, call, fn, signal);
  // A timeout that sees the cancellation would throw an error of its own, and leave the attempt behind.
  const passed = isTimeout(policy) && signal === call.scope.signal ? undefined : signal;
  return guarded(policy, call).execute(fn, passed);
}

/** The outer policy calls the inner one, as in `wrap`. Contexts are merged. */
function throughAll<T>(
  policies: readonly IPolicy[],
  call: PolicyCall,
  fn: Work<T>,
  signal: AbortSignal,
): Promise<T> {
  const from = (index: number, context: { readonly signal: AbortSignal }): T | PromiseLike<T> => {
    const policy = policies[index];
    if (policy === undefined) return fn(context);
    return execute(policy, call, (next) => from(index + 1, { ...context, ...next }), context.signal);
  };
  return Promise.resolve(from(0, { signal }));
}

/** The policy with an executor that handles no cancellation: it is not counted, not retried, and has no fallback. */
function guarded<P extends IPolicy>(policy: P, call: PolicyCall): P {
  const executor = executorOf(policy);
  if (executor === undefined) return policy;
  const own = guardedExecutor(executor, call);
  return new Proxy(policy, {
    get: (target, key) => (key === "executor" ? own : Reflect.get(target, key)),
  });
}

/** The same executor, listeners included, with another filter. */
function guardedExecutor(executor: Executor, call: PolicyCall): Executor {
  const errorFilter = (error: unknown): boolean =>
    !call.isStop(error) && isFailure(error) && executor.errorFilter(error);
  return Object.create(executor, { errorFilter: { value: errorFilter } }) as Executor;
}

/** As `RetryPolicy.execute`, with waits that the scope ends. */
async function throughRetry<T>(
  policy: Retry,
  call: PolicyCall,
  fn: Work<T>,
  signal: AbortSignal,
): Promise<T> {
  const { options, onRetryEmitter, onGiveUpEmitter } = policy;
  const executor = guardedExecutor(policy.executor, call);
  let backoff: IBackoff<unknown> | undefined;
  for (let retries = 0; ; retries++) {
    const result = await executor.invoke(fn, { attempt: retries, signal });
    if ("success" in result) return result.success;
    const attempt = retries + 1;
    // A policy outside of this one can have aborted the signal.
    const isLast = call.scope.isCancelled || signal.aborted || retries >= options.maxAttempts;
    if (!isLast) backoff = (backoff ?? options.backoff)?.next({ attempt, signal, result });
    const delay = backoff?.duration ?? 0;
    if (isLast || !call.hasTime(delay)) {
      onGiveUpEmitter.emit(result);
      return endOf(result);
    }
    onRetryEmitter.emit({ ...result, delay, attempt });
    // A policy outside of this one, such as a timeout, can end the wait too.
    await call.attempt(() => sleep(delay), signal);
  }
}

function endOf<T>(result: Result<T>): T {
  if ("error" in result) throw result.error;
  return "value" in result ? result.value : result.success;
}

/** While a call waits for its place, a cancellation takes it out of the queue. */
async function throughBulkhead<T>(
  policy: Bulkhead,
  call: PolicyCall,
  fn: Work<T>,
  signal: AbortSignal,
): Promise<T> {
  const work: Work<T> = (context) => {
    call.scope.check();
    return fn({ ...context, signal });
  };
  // Without the signal: cockatiel 3 starts no next call when it finds an aborted one.
  const running = policy.execute(work);
  const place = (): number => policy.queue.findIndex((one) => one.fn === work);
  if (place() < 0) return running;
  const leave = (): void => {
    const at = place();
    if (at >= 0) policy.queue.splice(at, 1)[0]?.reject(call.scope.error ?? signal.reason);
  };
  const leaveTwice = (): void => {
    leave();
    // cockatiel starts a call a microtask after its turn. If a new call is faster, the call gets a new place in the queue.
    queueMicrotask(leave);
  };
  signal.addEventListener("abort", leaveTwice, { once: true });
  try {
    return await running;
  } finally {
    signal.removeEventListener("abort", leaveTwice);
  }
}

/**
 * Other calls wait for the one that tests a half-open circuit. That wait ends with the scope, and a test that was cancelled
 * decides nothing: the circuit is open as before, and the next call tests it.
 */
async function throughBreaker<T>(
  policy: Breaker,
  call: PolicyCall,
  fn: Work<T>,
  signal: AbortSignal,
): Promise<T> {
  /** The states that this call has set: the half-open one, and the one before. */
  let test: { readonly own: BreakerState; readonly before: BreakerState } | undefined;
  const watched = new Proxy(guarded(policy, call), {
    set(target, key, value) {
      if (key === "innerState" && value.value === halfOpen) test = { own: value, before: target.innerState };
      return Reflect.set(target, key, value);
    },
  });
  let hasBegun = false;
  let begin = ignore;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const work: Work<T> = async (context) => {
    hasBegun = true;
    begin();
    try {
      return await fn(context);
    } catch (error) {
      if (call.isStop(error) && test !== undefined && policy.innerState === test.own) {
        policy.innerState = test.before;
        test.own.decision?.resolve();
        policy.stateChangeEmitter.emit(open);
      }
      throw error;
    }
  };
  const running = watched.execute(work, signal);
  try {
    await call.scope.waitFor(Promise.race([begun, running.then(ignore, ignore)]));
  } catch (error) {
    if (!hasBegun) throw error; // if its turn comes, the attempt finds its scope cancelled
  }
  return running;
}

const ignore = (): void => {};
