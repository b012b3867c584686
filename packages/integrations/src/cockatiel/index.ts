import { invalidType, requireCount, requireFunction } from "@hother/cancelable/extending";
import type { IPolicy } from "cockatiel";
import { runPolicy } from "../scope/policy-call.ts";
import { execute } from "./execute.ts";
import { isMerged, isRetry, type Work } from "./policies.ts";

/** A policy of cockatiel, of any version. Its own type stays. */
export interface PolicyLike {
  execute(fn: never, signal?: AbortSignal): Promise<unknown>;
}

/** The policies that {@link cancellablePolicy} has returned. */
const wrapped = new WeakSet<object>();

/**
 * Returns a policy of cockatiel that runs each call in the scope of its caller, with the same events and the same state. A
 * cancellation ends the wait between two attempts, the wait in the queue of a bulkhead, and the wait for a half-open circuit at
 * once. It cancels a running attempt, whose end is awaited. The promise rejects with the error of the scope, and nothing is called
 * again. In a cancelled scope nothing is called.
 *
 * No policy treats the cancellation as a failure: a circuit breaker does not count it, and a fallback is not used. If the next
 * attempt would begin after the deadline, the promise rejects at once with the error of the attempt before.
 *
 * @param policy One policy, or the result of `wrap`.
 * @throws RangeError `ERR_OUT_OF_RANGE` unless `maxAttempts` of a retry policy is a whole number of at least 0, or Infinity.
 *   TypeError for something that is not a policy.
 * @example
 * ```ts
 * import { Cancellable, sleep } from "@hother/cancelable";
 * import { cancellablePolicy } from "@hother/cancelable-integrations/cockatiel";
 * import { ConstantBackoff, handleAll, retry } from "cockatiel";
 *
 * const policy = cancellablePolicy(retry(handleAll, { maxAttempts: 5, backoff: new ConstantBackoff(10) }));
 * let calls = 0;
 * const answer = await policy.execute(async () => {
 *   calls += 1;
 *   if (calls < 3) throw new Error("busy");
 *   return "done";
 * });
 * console.assert(answer === "done" && calls === 3);
 *
 * const op = new Cancellable();
 * const outcome = await op.settle(() =>
 *   policy.execute(() => {
 *     op.cancel("quota");
 *     return sleep({ minutes: 1 });
 *   }),
 * );
 * console.assert(outcome.status === "cancelled"); // and no further attempt
 * ```
 */
export function cancellablePolicy<P extends PolicyLike>(policy: P): P {
  requirePolicy(policy);
  // The value of a fallback belongs to the type of the caller's policy, which this function returns.
  const plain = policy as unknown as IPolicy;
  const run = <T>(fn: Work<T>, signal?: AbortSignal): Promise<T> => {
    requireFunction(fn, "fn");
    return runPolicy(signal, (call) => {
      /** The user gets the signal of the attempt, which is aborted with the policy's too. */
      const attempt: Work<T> = (context, ...rest) =>
        call.attempt((own) => fn({ ...context, signal: own }, ...rest.map(() => own)), context.signal);
      return execute(plain, call, attempt, call.scope.signal);
    });
  };
  const proxy = new Proxy(policy, {
    get: (target, key) => (key === "execute" ? run : Reflect.get(target, key, target)),
  });
  wrapped.add(proxy);
  return proxy;
}

function requirePolicy(policy: PolicyLike, argument = "policy"): void {
  if (typeof (policy as Partial<PolicyLike> | null)?.execute !== "function")
    throw invalidType(argument, "a policy of cockatiel", policy);
  if (wrapped.has(policy))
    throw invalidType(argument, "a policy that cancellablePolicy has not returned", policy);
  const one = policy as unknown as IPolicy; // its types do not matter here
  if (isMerged(one)) {
    for (const [index, inner] of one.wrapped.entries()) requirePolicy(inner, `${argument}.wrapped[${index}]`);
  } else if (isRetry(one)) {
    requireCount(one.options.maxAttempts, "options.maxAttempts", 0);
    if (one.options.unref)
      throw invalidType(
        argument,
        "one without dangerouslyUnref(): a wait in a scope keeps the process alive",
        policy,
      );
  }
}
