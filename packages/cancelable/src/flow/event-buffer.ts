import { LagError } from "../lag-error.ts";
import { afterTurn } from "../scope/fair-turn.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import { Fifo } from "../sync/items.ts";
import { type AnyTarget, EventListeners, errorOf } from "./event-listeners.ts";

/** The rule for an event that finds the buffer full. */
export type EventOverflow = "fail" | "drop-oldest" | "drop-newest";

export interface EventBufferPlan {
  readonly accepts: (value: unknown) => boolean;
  readonly capacity: number;
  readonly overflow: EventOverflow;
  readonly undelivered: ((value: unknown) => void) | undefined;
}

/** The events of a target that wait for one reader. */
export class EventBuffer {
  readonly #target: AnyTarget;
  readonly #plan: EventBufferPlan;
  readonly #listeners: EventListeners;
  readonly #events = new Fifo<unknown>();
  /** The read that waits. It gets an event in an array, or undefined for the end. */
  #reader: PromiseWaiter<readonly unknown[] | undefined> | undefined;
  /** Whether no further event is taken. */
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(target: AnyTarget, plan: EventBufferPlan) {
    this.#target = target;
    this.#plan = plan;
    this.#listeners = new EventListeners(target);
  }

  open(
    node: ScopeNode,
    names: {
      readonly event: string | symbol;
      readonly end: readonly (string | symbol)[];
      readonly reject: readonly (string | symbol)[];
    },
  ): AsyncGenerator<unknown, undefined, undefined> {
    const listeners = this.#listeners;
    node.wait(listeners);
    try {
      listeners.add(names.event, (value) => this.#take(value));
      for (const name of names.end) listeners.add(name, () => this.#close(undefined));
      for (const name of names.reject) {
        listeners.add(name, (value) => this.#close({ error: errorOf(this.#target, value) }));
      }
    } catch (error) {
      listeners.close();
      throw error;
    }
    return this.#read(node);
  }

  async *#read(node: ScopeNode): AsyncGenerator<unknown, undefined, undefined> {
    for (;;) {
      node.check();
      if (this.#events.size > 0) {
        const value = this.#events.take();
        if (node.clock.isTurnDue()) await afterTurn(node, undefined);
        yield value;
      } else if (this.#isOver) break;
      else {
        this.#reader = new PromiseWaiter(node);
        const given = await this.#reader.promise;
        if (given !== undefined) yield given[0];
      }
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  #take(value: unknown): void {
    const { accepts, capacity, overflow, undelivered } = this.#plan;
    try {
      if (!accepts(value)) return;
    } catch (error) {
      this.#close({ error });
      return;
    }
    if (this.#isOver) return; // the filter has ended it
    if (this.#give([value])) return;
    if (this.#events.size < capacity) this.#events.add(value);
    else if (overflow === "fail") {
      this.#close({ error: new LagError(1, "The iterator of on()") });
      undelivered?.(value);
    } else if (overflow === "drop-newest") undelivered?.(value);
    else {
      const oldest = this.#events.take();
      this.#events.add(value);
      undelivered?.(oldest);
    }
  }

  /** Takes no further event. The reader gets the events that wait, and then the failure. */
  #close(failure: { readonly error: unknown } | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#listeners.close();
    this.#give(undefined);
  }

  /** Hands over to the read that waits. Returns false if no read waits. */
  #give(event: readonly unknown[] | undefined): boolean {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined || reader.end !== undefined) return false;
    reader.resolve(event);
    return true;
  }

  /** The iterator has ended: the events that wait have no reader. */
  ended(): void {
    this.#isOver = true;
    this.#listeners.close();
    for (const value of this.#events.clear()) this.#plan.undelivered?.(value);
  }
}
