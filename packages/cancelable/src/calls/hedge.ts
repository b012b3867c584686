import { belongsTo } from "../absorb.ts";
import { requireCount, requireFunction } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { explainTimeout, hasTime, requireTime, toMinimum } from "../flow/attempt-limits.ts";
import { isRetryable } from "../flow/is-retryable.ts";
import { toUndelivered } from "../flow/undelivered.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import { AmbientScope } from "../scope/ambient-scope.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type Limits, limits } from "../scope/scope-options.ts";
import { nextTurnIn } from "../scope/sleeper.ts";
import { nameAfter } from "../scope/task.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";
import { PromiseWaiter, refusePromise } from "../scope/waiting.ts";

/** The argument of an attempt of {@link hedge}. */
export interface HedgeAttempt {
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** The scope of the attempt, for hosts without an ambient scope. */
  readonly scope: AmbientScope;
}

export interface HedgeOptions<T> extends Limits {
  /**
   * The time after the beginning of an attempt until the next one begins, in ms or as a `Duration`, or a function of the
   * number of the attempt that began last. 0: all attempts begin at once. `null`: only a failure begins the next one.
   */
  readonly after: Span | ((attempt: number) => Span);
  /** The number of calls in all, the first one included. Default: 2. */
  readonly attempts?: number | undefined;
  /** No attempt begins with less time left before the effective deadline, in ms or as a `Duration`. Default: 0. */
  readonly minimum?: Span | undefined;
  /**
   * Whether another attempt can still succeed after this failure. `false` ends the hedge with the failure. An error of
   * this function ends it too. Default: true, except for a `UsageError`, a cancellation of another scope and an
   * `AbortError`.
   */
  readonly when?: ((error: unknown) => boolean) | undefined;
  /**
   * Called with the value of a loser that succeeded nevertheless. Default: a lease is released, any other value is
   * dropped.
   */
  readonly onUndelivered?: ((value: T) => unknown) | undefined;
}

const known: KnownOptions<HedgeOptions<unknown>> = {
  ...limits,
  after: 1,
  attempts: 1,
  minimum: 1,
  when: 1,
  onUndelivered: 1,
};

/**
 * Calls `attempt`, and calls it again when no call has answered for some time. The first success wins. The other calls
 * are cancelled with reason `superseded` and have ended when `hedge` resolves. The scope of the winner is never cancelled,
 * so a response body can still be read. A failure begins the next attempt at once; when all have failed, `hedge` rejects
 * with the last error itself.
 *
 * Only for calls that may happen twice, such as reads: several run at the same time.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { hedge } from "@hother/cancelable/calls";
 *
 * const mirror = await hedge(
 *   async ({ attempt }) => {
 *     await sleep(attempt === 1 ? 60_000 : 5);
 *     return `mirror ${attempt}`;
 *   },
 *   { after: 10 },
 * );
 * console.assert(mirror === "mirror 2");
 * ```
 */
export async function hedge<T>(
  attempt: (info: HedgeAttempt) => T | PromiseLike<T>,
  options: HedgeOptions<T>,
): Promise<T> {
  requireFunction(attempt, "attempt");
  requireKnownOptions(options, known, "hedge");
  const hedging = new Hedging(attempt, options);
  const { timeout, deadline, signal, token, parent, name } = options;
  try {
    await taskGroup((group) => hedging.begin(group), { timeout, deadline, signal, token, parent, name });
  } catch (error) {
    // An outer cancellation that came after the decision changes nothing.
    if (hedging.outcome === undefined) throw error;
  }
  return hedging.result();
}

type Outcome<T> = { readonly ok: true; readonly value: T } | Failure;

interface Failure {
  readonly ok: false;
  readonly error: unknown;
}

/** The attempts of one hedge. */
class Hedging<T> {
  /** The outcome of the hedge: the first success, a failure that ends it, or the last failure. */
  outcome: Outcome<T> | undefined;
  #scope: CancelScope | undefined;
  /** The latest failure. */
  #failure: Failure | undefined;
  readonly #attempt: (info: HedgeAttempt) => T | PromiseLike<T>;
  readonly #after: (attempt: number) => number;
  readonly #attempts: number;
  readonly #minimum: number;
  readonly #when: (error: unknown) => boolean;
  readonly #undelivered: (value: T) => void;
  /** The number of attempts that have not ended. */
  #live = 0;
  /** The failures that have not yet been followed by an attempt. */
  #unanswered = 0;
  /** Whether no further attempt begins. */
  #hasBegunAll = false;
  #pause: PromiseWaiter<"due" | "failed" | "decided"> | undefined;
  readonly #running = new Set<ScopeNode>();

  constructor(attempt: (info: HedgeAttempt) => T | PromiseLike<T>, options: HedgeOptions<T>) {
    const { after, attempts = 2, minimum, when, onUndelivered } = options ?? {};
    this.#attempt = attempt;
    if (typeof after === "function") {
      this.#after = (number) => toMilliseconds(after(number), "the result of options.after");
    } else {
      const ms = toMilliseconds(after, "options.after");
      this.#after = () => ms;
    }
    requireCount(attempts, "options.attempts", 1);
    this.#attempts = attempts;
    this.#minimum = toMinimum(minimum);
    if (when !== undefined) requireFunction(when, "options.when");
    this.#when = when ?? isRetryable;
    this.#undelivered = toUndelivered(onUndelivered);
  }

  /** Begins the attempts, one after another. */
  async begin(group: TaskGroup): Promise<void> {
    this.#scope = group.scope;
    const { node } = group.scope;
    requireTime(group.scope, this.#minimum);
    // The time for the first attempt was required. If it has passed since then, the attempt throws the cancellation.
    for (let number = 1; number === 1 || this.#isOpen(node); number++) {
      const attempt = (): Promise<void> => this.#compete(number, node);
      this.#live++;
      nameAfter(group.startSoon(attempt), this.#attempt);
      if (number >= this.#attempts) break;
      await this.#untilNext(node, number);
    }
    this.#hasBegunAll = true;
    this.#failIfNoneIsLeft();
  }

  /** The result, after the group has ended. */
  result(): T {
    const { outcome } = this;
    if (outcome?.ok) return outcome.value;
    if (outcome !== undefined) throw outcome.error;
    // Without a decision, a limit of the hedge has cancelled the group.
    const scope = this.#scope as CancelScope; // the body of the group has set it
    const { error } = scope;
    explainTimeout(error, scope, this.#failure);
    throw error;
  }

  /** Whether an attempt can begin now. */
  #isOpen(node: ScopeNode): boolean {
    return this.outcome === undefined && hasTime(node, node.clock.now(), this.#minimum);
  }

  /** Waits until the attempt after `number` begins: for some time, but not longer than until a failure. */
  async #untilNext(node: ScopeNode, number: number): Promise<void> {
    let delay: number;
    try {
      delay = this.#after(number);
    } catch (error) {
      const failure = this.#failure;
      if (failure !== undefined && !Object.is(error, failure.error))
        report(failure.error, "an attempt of hedge()");
      this.#decide({ ok: false, error });
      return;
    }
    if (node.clock.isTurnDue()) await nextTurnIn(node);
    if (this.#unanswered > 0) {
      this.#unanswered--;
      return;
    }
    if (delay <= 0 || this.outcome !== undefined) return;
    const pause = new PromiseWaiter<"due" | "failed" | "decided">(node);
    this.#pause = pause;
    const at = node.clock.now() + delay;
    const alarm = hasTime(node, at, this.#minimum)
      ? node.clock.setAlarm(at, () => pause.resolve("due"))
      : undefined;
    try {
      if ((await pause.promise) === "failed") this.#unanswered--;
    } finally {
      alarm?.[Symbol.dispose]();
      this.#pause = undefined;
    }
  }

  /** The body of the task of one attempt. Throws only a cancellation of the group that comes before the decision. */
  async #compete(number: number, group: ScopeNode): Promise<void> {
    if (this.outcome !== undefined) return;
    const node = currentNode();
    node.check();
    this.#running.add(node);
    let outcome: Outcome<T>;
    try {
      outcome = {
        ok: true,
        value: await this.#attempt({ attempt: number, scope: new AmbientScope(node) }),
      };
    } catch (error) {
      if (node.live > 0) await node.cancelChildren();
      const cancellation = node.pending();
      const isCancelled = cancellation !== undefined && belongsTo(error, cancellation.error);
      if (isCancelled && this.outcome !== undefined) return;
      if (isCancelled) throw error;
      outcome = { ok: false, error };
    }
    this.#running.delete(node);
    this.#live--;
    this.#ended(outcome, group);
  }

  #ended(outcome: Outcome<T>, group: ScopeNode): void {
    if (this.outcome !== undefined) {
      if (outcome.ok) this.#undelivered(outcome.value);
      else report(outcome.error, "an attempt of hedge() that was superseded");
      return;
    }
    // A failure in a cancelled group comes from the clean-up, and begins no attempt.
    if (outcome.ok || group.pending() !== undefined) {
      this.#decide(outcome);
      return;
    }
    this.#failure = outcome;
    try {
      const mayContinue = this.#when(outcome.error);
      refusePromise(mayContinue, "options.when", this.#when);
      if (mayContinue === false) {
        this.#decide(outcome);
        return;
      }
    } catch (error) {
      if (!Object.is(error, outcome.error)) report(outcome.error, "an attempt of hedge()");
      this.#decide({ ok: false, error });
      return;
    }
    this.#unanswered++;
    this.#pause?.resolve("failed");
    this.#failIfNoneIsLeft();
  }

  #failIfNoneIsLeft(): void {
    if (this.#hasBegunAll && this.#live === 0 && this.#failure !== undefined) this.#decide(this.#failure);
  }

  /** Takes the first outcome that decides, and cancels the attempts that still run. */
  #decide(outcome: Outcome<T>): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    for (const node of this.#running) node.cancelFor("superseded", "another attempt has decided");
    this.#pause?.resolve("decided");
  }
}
