import { isThenable, requireCount, requireFunction } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { guardCallback } from "../guard-callback.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { enter } from "../scope/ambient.ts";
import { AmbientScope } from "../scope/ambient-scope.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type Limits, limits, parentNode } from "../scope/scope-options.ts";
import { nextTurnIn, sleepUntilIn } from "../scope/sleeper.ts";
import { waitIn } from "../scope/waiting.ts";
import { explainTimeout, hasTime, requireTime, toMinimum } from "./attempt-limits.ts";
import { type Backoff, type BackoffFunction, Delays } from "./backoff.ts";
import { isRetryable } from "./is-retryable.ts";

/** The argument of an attempt of {@link retry}. */
export interface RetryAttempt {
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** The error of the attempt before. `undefined` in the first attempt. */
  readonly previous: unknown;
  /** The scope of the attempt, for hosts without an ambient scope. */
  readonly scope: AmbientScope;
}

export interface RetryOptions extends Limits {
  /** The number of calls in all, the first one included; `Infinity` for no maximum. Default: 3. */
  readonly attempts?: number | undefined;
  /**
   * The time allowed for each attempt, in ms or as a `Duration`. The attempt then fails with a `TimeoutCancellation`, and
   * the next one follows. Default: no limit.
   */
  readonly attemptTimeout?: Span | undefined;
  /** The delays between the attempts, or a function that decides each delay. Default: see {@link Backoff}. */
  readonly backoff?: Backoff | BackoffFunction | undefined;
  /** No attempt begins with less time left before the effective deadline, in ms or as a `Duration`. Default: 0. */
  readonly minimum?: Span | undefined;
  /**
   * Whether a failure is followed by another attempt. `attempt` is the number of the attempt that failed. An error of
   * this function ends the retry. Default: true, except for a `UsageError`, a cancellation of another scope and an
   * `AbortError`. A timeout inside the attempt is retried.
   */
  readonly when?: ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * Called before each wait for the next attempt, for logs. `attempt` is the number of the attempt that failed, `delay`
   * is in ms. An error of this function goes to the reporter.
   */
  readonly onRetry?:
    | ((error: unknown, info: { readonly attempt: number; readonly delay: number }) => unknown)
    | undefined;
}

const known: KnownOptions<RetryOptions> = {
  ...limits,
  attempts: 1,
  attemptTimeout: 1,
  backoff: 1,
  minimum: 1,
  when: 1,
  onRetry: 1,
};

/**
 * Calls `attempt` until it succeeds, with growing random delays between the calls. Rejects with the error of the last
 * attempt itself, and does so at once when the next attempt would begin after the deadline. A cancellation of the caller
 * is not a failure: it ends the attempt or the wait, and nothing is retried. When `timeout` or `deadline` passes during an
 * attempt, the `cause` of the `TimeoutCancellation` is the failure before.
 *
 * Not for calls that must not happen twice, such as a payment without an idempotency key.
 *
 * @example
 * ```ts
 * import { retry } from "@hother/cancelable";
 *
 * let calls = 0;
 * const answer = await retry(
 *   async () => {
 *     calls += 1;
 *     if (calls < 3) throw new Error("busy");
 *     return "done";
 *   },
 *   { attempts: 5, backoff: { initial: 1 }, timeout: { seconds: 10 } },
 * );
 * console.assert(answer === "done" && calls === 3);
 * ```
 */
export async function retry<T>(
  attempt: (info: RetryAttempt) => T | PromiseLike<T>,
  options?: RetryOptions,
): Promise<T> {
  requireFunction(attempt, "attempt");
  requireKnownOptions(options, known, "retry");
  const plan = new Plan(options);
  const parent = parentNode(options);
  const scope = new CancelScope(options, parent.clock);
  const { node } = scope;
  let failure: { readonly error: unknown } | undefined;
  const begin = (number: number, own: ScopeNode): T | PromiseLike<T> => {
    const info = { attempt: number, previous: failure?.error, scope: new AmbientScope(own) };
    return number === 1 ? attempt(info) : enter(own, attempt, info); // the first one is called in the scope already
  };
  const untilSuccess = async (): Promise<T> => {
    requireTime(scope, plan.minimum);
    for (let number = 1; ; number++) {
      node.check();
      try {
        // The scope of the retry is the scope of each attempt too: tasks of an attempt end before the next attempt.
        if (plan.attemptTimeout === undefined) return await begin(number, node);
        const limited = new CancelScope(undefined, node.clock, plan.attemptTimeout);
        // `undefined` is possible only without `fail`: here a timeout rejects.
        return (await limited.execute((own) => begin(number, own.node), true, node)) as T;
      } catch (error) {
        if (node.live > 0) await node.cancelChildren();
        // A cancellation is no failure. A failure in a cancelled scope is not retried.
        if (node.pending() !== undefined) throw error;
        failure = { error };
        await plan.waitForNext(node, error, number);
      }
    }
  };
  try {
    return (await scope.execute(untilSuccess, true, parent)) as T; // as above
  } catch (error) {
    explainTimeout(error, scope, failure);
    throw error;
  }
}

/** The options of one retry, checked. */
class Plan {
  readonly attemptTimeout: number | undefined;
  readonly minimum: number;
  readonly #attempts: number;
  /** Created on the first failure, unless options must be checked. */
  #delays: Delays | undefined;
  readonly #when: NonNullable<RetryOptions["when"]>;
  readonly #onRetry: RetryOptions["onRetry"];

  constructor({ attempts = 3, attemptTimeout, backoff, minimum, when, onRetry }: RetryOptions = {}) {
    requireCount(attempts, "options.attempts", 1);
    this.#attempts = attempts;
    if (attemptTimeout !== undefined)
      this.attemptTimeout = toMilliseconds(attemptTimeout, "options.attemptTimeout");
    if (backoff !== undefined) this.#delays = new Delays(backoff);
    this.minimum = toMinimum(minimum);
    if (when !== undefined) requireFunction(when, "options.when");
    this.#when = when ?? isRetryable;
    this.#onRetry = guardCallback(onRetry, "onRetry");
  }

  /** Waits until the next attempt begins. Throws `error` if there is none. */
  async waitForNext(node: ScopeNode, error: unknown, attempt: number): Promise<void> {
    if (attempt >= this.#attempts) throw error;
    let delay: number;
    try {
      const decision = this.#when(error, attempt);
      if (!(isThenable(decision) ? await waitIn(node, decision) : decision)) throw error;
      this.#delays ??= new Delays(undefined);
      delay = this.#delays.after(error, attempt, () => node.clock.runtime.random());
    } catch (thrown) {
      if (!Object.is(thrown, error) && node.pending() === undefined)
        report(error, `attempt ${attempt} of retry()`);
      throw thrown;
    }
    node.check();
    const at = node.clock.now() + Math.max(delay, 0);
    if (!hasTime(node, at, this.minimum)) throw error;
    this.#onRetry?.(error, { attempt, delay: Math.max(delay, 0) });
    await (delay > 0 ? sleepUntilIn(node, at) : nextTurnIn(node));
  }
}
