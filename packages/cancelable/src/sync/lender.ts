import { passPlace, placesAreKept } from "../place.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { reportSelfWait } from "../scope/self-wait.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Arm, wouldWait } from "./arm.ts";
import type { Demand } from "./demand.ts";
import type { Lease } from "./lease.ts";
import { LineOwner } from "./line-owner.ts";
import { PriorityLine } from "./priority-line.ts";
import { nodeOfWait, type WaitOptions } from "./wait-options.ts";

/**
 * A primitive that lends permits, all of one kind, to waiters in one line. The first in the line is never overtaken: a later
 * call waits, also when the free permits would be enough for its smaller demand.
 */
export abstract class Lender<S = undefined> extends LineOwner {
  /** @internal */
  protected readonly line: PriorityLine<Lease, Demand<S>> = new PriorityLine<Lease, Demand<S>>(this);

  /** @internal The name of the class, for messages. */
  protected abstract get title(): string;

  /** @internal The number of free permits. */
  protected abstract get free(): number;

  /** @internal Takes the permits of a demand. */
  protected abstract lend(demand: Demand<S>, task: object | undefined): Lease;

  /** @internal The error with which a demand is refused, whether or not permits are free. */
  protected refusal(_of: S): UsageError | undefined {
    return undefined;
  }

  /** @internal A lease of `task`, if only this task can make room for a waiter. */
  protected heldBy(_task: object): Lease | undefined {
    return undefined;
  }

  override get waiting(): number {
    return this.line.size;
  }

  override rejectWaiters(error: unknown): void {
    this.line.rejectAll(() => error);
    this.tellIdle();
  }

  /** @internal Hands over to the first in the line, as long as there are enough permits. */
  override serve(): void {
    const { line } = this;
    for (let first = line.first; first !== undefined; first = line.first) {
      const demand = first.payload;
      if (demand.weight > this.free) break;
      line.shift();
      const refusal = this.refusal(demand.of);
      if (refusal === undefined) {
        const lease = this.lend(demand, first.task);
        if (placesAreKept) passPlace(first, lease);
        first.resolve(lease);
      } else first.reject(refusal);
    }
    this.tellIdle();
  }

  /** @internal Takes the permits of a demand, or waits for them in `node`. */
  protected take(node: ScopeNode, demand: Demand<S>): Promise<Lease> {
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    const refusal = this.refusal(demand.of);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { task } = node;
    if (this.#isFree(demand)) return resolveFairly(node, this.lend(demand, task));
    const { promise } = this.line.join(node, demand);
    if (task !== undefined && this.heldBy(task) !== undefined)
      reportSelfWait(this, {
        code: "ERR_ALREADY_HELD",
        subject: this.title,
        clock: node.clock,
        wait: promise,
        held: () => this.heldBy(task),
      });
    return promise;
  }

  /** @internal {@link take} for a call with options. */
  protected takeWith(options: WaitOptions, demand: () => Demand<S>): Promise<Lease> {
    try {
      const wanted = demand();
      return this.take(nodeOfWait(options), wanted);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @internal Takes the permits of a demand at once, or throws. */
  protected takeNowait(demand: Demand<S>): Lease {
    const refusal = this.refusal(demand.of);
    if (refusal !== undefined) throw refusal;
    if (!this.#isFree(demand)) throw new UsageError("ERR_WOULD_BLOCK", this.title);
    return this.lend(demand, currentNode().task);
  }

  /** @internal */
  protected armOf(demand: Demand<S>): Arm<Lease> {
    return new Arm(
      ({ task }) => {
        const refusal = this.refusal(demand.of);
        if (refusal !== undefined) throw refusal;
        return this.#isFree(demand) ? this.lend(demand, task) : wouldWait;
      },
      (receiver) => this.line.stand(receiver, demand),
    );
  }

  /** Whether a demand can be served now, without overtaking a waiter of the same or a higher priority. */
  #isFree(demand: Demand<S>): boolean {
    if (demand.weight > this.free) return false;
    const first = this.line.first;
    return first === undefined || first.payload.priority < demand.priority;
  }
}
