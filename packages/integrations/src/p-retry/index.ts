import { getBackend } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  outOfRange,
  requireBoolean,
  requireCount,
  requireFunction,
  requireKnownOptions,
} from "@hother/cancelable/extending";
import original, { AbortError, type Options, type RetryContext } from "p-retry";
import { isFailure, type PolicyCall, runPolicy } from "../scope/policy-call.ts";

export { AbortError, type Options, type RetryContext } from "p-retry";

const known: KnownOptions<Required<Options>> = {
  retries: 1,
  factor: 1,
  minTimeout: 1,
  maxTimeout: 1,
  maxRetryTime: 1,
  randomize: 1,
  onFailedAttempt: 1,
  shouldRetry: 1,
  shouldConsumeRetry: 1,
  signal: 1,
  unref: 1,
};

/**
 * As `pRetry` of p-retry, in the scope of the caller. A cancellation ends the wait between two attempts at once, and cancels a
 * running attempt, whose end is awaited. The promise rejects with the error of the scope, and nothing is called again. In a
 * cancelled scope `input` is not called. If the next attempt would begin after the deadline, or after `maxRetryTime`, the promise
 * rejects at once with the error of the attempt before.
 *
 * @param options The options of p-retry, except `unref`. With `signal`, the promise also rejects with the reason of the signal.
 * @throws RangeError `ERR_OUT_OF_RANGE` unless `options.retries` is a whole number of at least 0, or Infinity. TypeError for other
 *   wrong arguments.
 * @example
 * ```ts
 * import { failAfter } from "@hother/cancelable";
 * import { pRetry } from "@hother/cancelable-integrations/p-retry";
 *
 * let calls = 0;
 * const load = async () => {
 *   calls += 1;
 *   throw new Error("busy");
 * };
 * // The wait of a minute does not fit into the limit.
 * const limited = failAfter({ seconds: 5 }, () => pRetry(load, { minTimeout: 60_000 }));
 * const error = await limited.catch((reason: unknown) => reason);
 * console.assert(error instanceof Error && error.message === "busy" && calls === 1);
 * ```
 */
export async function pRetry<T>(
  input: (attemptNumber: number) => PromiseLike<T> | T,
  options?: Options,
): Promise<T> {
  requireFunction(input, "input");
  const plan = toPlan(options);
  return runPolicy(options?.signal, (call) => new Retrying(call, plan).run(input));
}

/** As `makeRetriable` of p-retry: returns a function whose calls go through {@link pRetry}. */
export function makeRetriable<A extends readonly unknown[], T>(
  fn: (...args: A) => PromiseLike<T> | T,
  options?: Options,
): (...args: A) => Promise<T> {
  requireFunction(fn, "fn");
  toPlan(options);
  return function (this: unknown, ...args) {
    return pRetry(() => Reflect.apply(fn, this, args), options);
  };
}

type Plan = Required<Omit<Options, "signal" | "unref" | "shouldRetry">> & Pick<Options, "shouldRetry">;

/** Checks the options, and adds the defaults of p-retry. */
function toPlan(options: Options | undefined): Plan {
  requireKnownOptions(options, known, "pRetry");
  const {
    retries = 10,
    factor = 2,
    minTimeout = 1_000,
    maxTimeout = Number.POSITIVE_INFINITY,
    maxRetryTime = Number.POSITIVE_INFINITY,
    randomize = false,
    onFailedAttempt = () => {},
    shouldRetry,
    shouldConsumeRetry = () => true,
    unref,
  } = options ?? {};
  requireCount(retries, "options.retries", 0);
  requireAmount(factor, "options.factor", false);
  requireAmount(minTimeout, "options.minTimeout", false);
  requireAmount(maxTimeout, "options.maxTimeout", true);
  requireAmount(maxRetryTime, "options.maxRetryTime", true);
  requireBoolean(randomize, "options.randomize");
  requireFunction(onFailedAttempt, "options.onFailedAttempt");
  if (shouldRetry !== undefined) requireFunction(shouldRetry, "options.shouldRetry");
  requireFunction(shouldConsumeRetry, "options.shouldConsumeRetry");
  if (unref) throw invalidType("options.unref", "left out: a wait in a scope keeps the process alive", unref);
  return {
    ...{ retries, factor, minTimeout, maxTimeout, maxRetryTime, randomize },
    ...{ onFailedAttempt, shouldConsumeRetry },
    ...(shouldRetry && { shouldRetry }),
  };
}

function requireAmount(value: unknown, argument: string, canBeInfinite: boolean): void {
  if (typeof value !== "number") throw invalidType(argument, "a number", value);
  if (!(value >= 0) || (value === Number.POSITIVE_INFINITY && !canBeInfinite))
    throw outOfRange(
      argument,
      canBeInfinite ? "a number of at least 0" : "a finite number of at least 0",
      value,
    );
}

/** One call of p-retry, which gets neither a signal nor a time to wait: the waits are in the scope of the call. */
class Retrying {
  readonly #call: PolicyCall;
  readonly #plan: Plan;
  readonly #startedAt: number = getBackend().now();
  /** Whether the last failure counts, as the user's `shouldConsumeRetry` has decided. */
  #isConsumed = true;
  /** The error of an attempt in a cancelled scope. */
  #stop: { readonly error: unknown } | undefined = undefined;

  constructor(call: PolicyCall, plan: Plan) {
    this.#call = call;
    this.#plan = plan;
  }

  async run<T>(input: (attemptNumber: number) => PromiseLike<T> | T): Promise<T> {
    const { retries, maxRetryTime, onFailedAttempt } = this.#plan;
    try {
      return await original((attemptNumber) => this.#attempt(() => input(attemptNumber)), {
        retries,
        maxRetryTime,
        minTimeout: 0,
        onFailedAttempt,
        shouldConsumeRetry: async (context) => {
          this.#isConsumed = await this.#plan.shouldConsumeRetry(context);
          return this.#isConsumed;
        },
        shouldRetry: (context) => this.#isFollowed(context),
      });
    } catch (error) {
      throw this.#stop === undefined ? error : this.#stop.error;
    }
  }

  async #attempt<T>(fn: () => PromiseLike<T> | T): Promise<T> {
    try {
      return await this.#call.attempt(fn);
    } catch (error) {
      if (!this.#call.scope.isCancelled) throw error;
      this.#stop = { error };
      throw new AbortError("cancelled"); // p-retry calls nothing any more
    }
  }

  /** Decides whether another attempt follows, and waits for its time. */
  async #isFollowed(context: RetryContext): Promise<boolean> {
    const { shouldRetry = ({ error }) => isFailure(error) } = this.#plan;
    if (!(await shouldRetry(context))) return false;
    this.#call.scope.check();
    if (!this.#isConsumed) return true;
    const delay = this.#delay(context.retriesConsumed);
    const left = this.#plan.maxRetryTime - (getBackend().now() - this.#startedAt);
    if (delay >= left || !this.#call.hasTime(delay)) return false;
    await this.#call.scope.sleep(delay);
    return true;
  }

  /** The delay of p-retry, in ms. */
  #delay(retriesConsumed: number): number {
    const { factor, minTimeout, maxTimeout, randomize } = this.#plan;
    if (minTimeout === 0) return 0;
    const random = randomize ? Math.random() + 1 : 1;
    return Math.min(Math.round(random * minTimeout * (factor || 1) ** retriesConsumed), maxTimeout);
  }
}
