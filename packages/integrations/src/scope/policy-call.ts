import {
  type AmbientScope,
  bind,
  CancelScope,
  cancellationOf,
  currentScope,
  getBackend,
  isCancellation,
} from "@hother/cancelable";

/**
 * One call of a retry policy of another library. Its attempts run in scopes below a scope of the call, which ends with the
 * scope of the caller or with the caller's own signal.
 */
export class PolicyCall {
  /** The scope of the call. */
  readonly scope: AmbientScope;
  readonly #own: AbortSignal | undefined;
  readonly #outer: AmbientScope;
  readonly #now: () => number;
  readonly #run: <T>(attempt: () => Promise<T>) => Promise<T>;

  /** To be constructed in the scope of the call. */
  constructor(outer: AmbientScope, own: AbortSignal | undefined) {
    const backend = getBackend();
    this.scope = currentScope();
    this.#outer = outer;
    this.#own = own;
    this.#now = () => backend.now();
    // A policy can start an attempt in the async context of another call.
    this.#run = bind((attempt) => attempt());
  }

  /** The reason for which the call is to end: the error of the caller's scope, or the reason of the caller's signal. */
  get reason(): unknown {
    return this.#outer.error ?? this.#own?.reason;
  }

  /** Whether `error` is nothing but the cancellation of the call. */
  isStop(error: unknown): boolean {
    return this.scope.isCancelled && isCancellation(error, this.scope);
  }

  /**
   * Calls `fn` in a scope of its own, and waits until everything in that scope has ended. In a cancelled scope `fn` is not
   * called.
   *
   * @param signal The signal of a policy, which can cancel this attempt alone: with the reason `timeout`.
   */
  attempt<T>(fn: (signal: AbortSignal) => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    return this.#run(async () => {
      this.scope.check();
      const attempt = new CancelScope();
      const cancel = (): void => {
        if (!this.scope.isCancelled) attempt.cancel("timeout", "a policy has cancelled the attempt");
      };
      if (signal?.aborted) cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      let end: { readonly value: T } | undefined;
      try {
        await attempt.run(async () => {
          end = { value: await fn(attempt.signal) };
        });
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
      if (end === undefined) throw attempt.error; // the scope has absorbed its own cancellation
      return end.value;
    });
  }

  /** Whether a wait of `ms` ends before the deadline. */
  hasTime(ms: number): boolean {
    return this.#now() + Math.max(ms, 0) < this.scope.deadline;
  }
}

/** Whether a policy may act on an error. A cancellation is no failure, except for a time limit inside of an attempt. */
export function isFailure(error: unknown): boolean {
  const cancellation = cancellationOf(error);
  return cancellation === undefined || cancellation.reason === "timeout";
}

/**
 * Runs one call of a policy. In a cancelled scope, or with an aborted signal, nothing is called. When the promise settles, every
 * attempt has ended. A value that an attempt returns after the cancellation wins, and so does an error of its own.
 *
 * @param own The signal of the caller.
 * @throws the error of the caller's scope, or the reason of `own`.
 */
export async function runPolicy<T>(
  own: AbortSignal | undefined,
  body: (call: PolicyCall) => Promise<T>,
): Promise<T> {
  const outer = currentScope();
  outer.check();
  const scope = new CancelScope({ signal: own }); // checks that it is a signal
  if (own?.aborted) throw own.reason;
  let end: { readonly value: T } | undefined;
  try {
    await scope.run(async () => {
      end = { value: await body(new PolicyCall(outer, own)) };
    });
  } catch (error) {
    if (outer.isCancelled && isCancellation(error, outer)) throw outer.error;
    throw error;
  }
  if (end === undefined) throw own?.reason; // the scope has absorbed the cancellation by the signal
  return end.value;
}
