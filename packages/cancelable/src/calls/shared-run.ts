/*
 * One run of a function for several callers.
 *
 *  R1  The run lies below no caller. Its deadline is the latest one of its callers.
 *  R2  A caller that is cancelled leaves at once. When the last one leaves, the run is cancelled in the same wave.
 *  R3  A run that is cancelled or has ended gets no further caller, except one that takes the stored outcome.
 *  R4  A run and a caller inside it never wait for each other: such a call is refused.
 */

import { isCancellation } from "../is-cancellation.ts";
import { report } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rootOf } from "../scope/root.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import type { Cancellation } from "../token/cancellation.ts";
import type { CancelNode } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";

/** The node of a run. The calls inside the run find it above them. */
class RunNode<T> extends ScopeNode {
  readonly run: SharedRun<T>;
  constructor(clock: Clock, run: SharedRun<T>) {
    super(clock);
    this.run = run;
  }

  /** The deadline of a caller may have moved since the caller joined. */
  protected override expire(): void {
    const latest = this.run.latestDeadline();
    if (latest > this.clock.now()) this.setDeadline(latest);
    else super.expire();
  }
}

function runAround(node: CancelNode | undefined): SharedRun<unknown> | undefined {
  for (let above = node; above !== undefined; above = above.parent)
    if (above instanceof RunNode) return above.run;
  return undefined;
}

/** A caller that waits for the outcome. */
class Caller<T> extends PromiseWaiter<T> {
  readonly #run: SharedRun<T>;
  /** Starts the run for this caller. */
  readonly start: (() => void) | undefined;

  constructor(node: ScopeNode, run: SharedRun<T>, start: (() => void) | undefined) {
    super(node);
    this.#run = run;
    this.start = start;
  }

  override reached(cancellation: Cancellation): void {
    super.reached(cancellation);
    this.#run.leave(this);
  }
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

export class SharedRun<T> {
  readonly clock: Clock;
  readonly callers: Set<Caller<T>> = new Set();
  /** The run that must end before this one starts. */
  before: SharedRun<T> | undefined = undefined;
  readonly #node: RunNode<T>;
  readonly #scope: CancelScope;
  /** The name of the run, for messages. */
  readonly #name: string;
  readonly #abandoned: (() => void) | undefined;
  #outcome: Settled<T> | undefined;
  /** Whether its body has begun. */
  isStarted = false;

  /** @param abandoned Called inside the wave when the last caller leaves. */
  constructor(name: string, clock: Clock, abandoned?: () => void) {
    this.#name = name;
    this.clock = clock;
    this.#abandoned = abandoned;
    this.#node = new RunNode(clock, this);
    this.#scope = new CancelScope(undefined, clock, undefined, this.#node);
  }

  get node(): ScopeNode {
    return this.#node;
  }

  get isCancelled(): boolean {
    return this.#node.own !== undefined;
  }

  get hasEnded(): boolean {
    return this.#outcome !== undefined;
  }

  /**
   * Adds a caller, or returns the stored outcome.
   *
   * @param start See {@link Caller.start}.
   */
  join(node: ScopeNode, start?: () => void): Promise<T> {
    const outcome = this.#outcome;
    if (outcome !== undefined)
      return "value" in outcome ? resolveFairly(node, outcome.value) : Promise.reject(outcome.error);
    const caller = new Caller<T>(node, this, start);
    this.callers.add(caller);
    this.#updateDeadline();
    return caller.promise;
  }

  /** Runs `body` for the callers, unless all have left. Resolves when everything in the run has ended, never rejects. */
  async start(body: () => T | PromiseLike<T>): Promise<void> {
    if (this.isCancelled) return;
    this.isStarted = true;
    try {
      // There is no value only if the scope absorbs its cancellation. The scope throws that cancellation here.
      this.#settle({ value: (await this.#scope.execute(body, true, rootOf(this.clock))) as T });
    } catch (error) {
      this.#settle({ error });
    }
  }

  /** To be called after a cancellation of the node. The callers of a run that has not started get the cancellation. */
  settleUnstarted(error: unknown): void {
    if (!this.isStarted) this.#settle({ error });
  }

  #settle(outcome: Settled<T>): void {
    this.#outcome = outcome;
    const callers = [...this.callers];
    this.callers.clear();
    for (const caller of callers) {
      if ("value" in outcome) caller.resolve(outcome.value);
      else {
        // The run has the deadline of its last caller, whose own timeout is the error to see.
        if (this.isCancelled) caller.node?.pending();
        caller.reject(outcome.error);
      }
    }
    if (callers.length === 0 && "error" in outcome && !isCancellation(outcome.error, this.#scope))
      report(outcome.error, `${this.#name}, for which no caller waited`);
  }

  /** @internal A caller was cancelled. Called inside the wave. */
  leave(caller: Caller<T>): void {
    if (!this.callers.delete(caller)) return;
    if (this.callers.size > 0) {
      this.#updateDeadline();
      return;
    }
    this.#node.cancelFor("disconnect", `${this.#name} was cancelled because no caller waits for it`);
    this.#abandoned?.();
  }

  #updateDeadline(): void {
    const latest = this.latestDeadline();
    if (latest !== Number.NEGATIVE_INFINITY && latest !== this.#node.at) this.#node.setDeadline(latest);
  }

  /** @internal The latest deadline of the callers. -Infinity without a caller. */
  latestDeadline(): number {
    let latest = Number.NEGATIVE_INFINITY;
    for (const { node } of this.callers) {
      // A caller that leaves later in this wave waits in no scope any more.
      if (node === undefined) continue;
      // The deadline of another clock arrives as a cancellation (S1).
      const { clock, deadline } = node as ScopeNode;
      latest = clock === this.clock ? Math.max(latest, deadline) : Number.POSITIVE_INFINITY;
      if (latest === Number.POSITIVE_INFINITY) break;
    }
    return latest;
  }

  /**
   * Refuses a caller in `node` that this run waits for, directly or through other runs (R4).
   *
   * @throws UsageError `ERR_WAITS_FOR_ITSELF`
   */
  refuseInside(node: ScopeNode): void {
    const inner = runAround(node);
    if (inner === undefined) return;
    const targets = new Set<unknown>();
    for (let target: SharedRun<T> | undefined = this; target !== undefined; target = target.before)
      targets.add(target);
    // All runs that wait for the calling run, because their code called it.
    const waiting = new Set([inner]);
    for (const run of waiting) {
      if (targets.has(run)) throw new UsageError("ERR_WAITS_FOR_ITSELF", this.#name);
      for (const caller of run.callers) {
        const outer = runAround(caller.node);
        if (outer !== undefined) waiting.add(outer);
      }
    }
  }
}
