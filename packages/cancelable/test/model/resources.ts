import type { Code } from "./engine.ts";
import { tick } from "./engine.ts";
import type { Waiter } from "./tree.ts";

/* Locks, semaphores and queues of the model. Rules 11 and 26: first come, first served, and cancelled waiters are not in the line. */

/** Removes the first waiter that still waits. */
function shift<T extends { readonly waiter: Waiter }>(line: T[]): T | undefined {
  for (let first = line.shift(); first !== undefined; first = line.shift())
    if (!first.waiter.done) return first;
  return undefined;
}

/** A semaphore. */
export class Line {
  #free: number;
  readonly #line: Array<{ readonly waiter: Waiter }> = [];

  constructor(permits: number) {
    this.#free = permits;
  }

  /** Takes a permit if one is free. */
  taken(): Code<void> | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    return tick();
  }

  join(waiter: Waiter): void {
    this.#line.push({ waiter });
  }

  release(): void {
    const next = shift(this.#line);
    if (next === undefined) this.#free++;
    else next.waiter.ok();
  }
}

/** A lock. A second wait in the task that holds it waits like any other. */
export class Mutex {
  #held = false;
  readonly #line: Array<{ readonly waiter: Waiter }> = [];

  taken(): Code<void> | undefined {
    if (this.#held) return undefined;
    this.#held = true;
    return tick();
  }

  join(waiter: Waiter): void {
    this.#line.push({ waiter });
  }

  release(): void {
    const next = shift(this.#line);
    this.#held = next !== undefined;
    next?.waiter.ok();
  }
}

/** A bounded queue. Capacity 0 is a rendezvous. */
export class Store {
  readonly #capacity: number;
  readonly #items: string[] = [];
  readonly #putters: Array<{ readonly waiter: Waiter; readonly item: string }> = [];
  readonly #getters: Array<{ readonly waiter: Waiter }> = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  put(item: string): boolean {
    const getter = shift(this.#getters);
    if (getter !== undefined) getter.waiter.ok(item);
    else if (this.#items.length >= this.#capacity) return false;
    else this.#items.push(item);
    return true;
  }

  waitToPut(waiter: Waiter, item: string): void {
    this.#putters.push({ waiter, item });
  }

  /** The first item. Items of waiting putters come after the items in the queue. */
  get(): string | undefined {
    const putter = shift(this.#putters);
    if (putter !== undefined) {
      this.#items.push(putter.item);
      putter.waiter.ok();
    }
    return this.#items.shift();
  }

  waitToGet(waiter: Waiter): void {
    this.#getters.push({ waiter });
  }
}
