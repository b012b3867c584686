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

/** A lock that belongs to a task. */
export class Mutex {
  #held = false;
  #owner: object | undefined;
  readonly #line: Array<{ readonly waiter: Waiter; readonly owner: object | undefined }> = [];

  taken(owner: object | undefined): Code<void> | undefined {
    if (!this.#held) {
      this.#held = true;
      this.#owner = owner;
      return tick();
    }
    if (owner !== undefined && this.#owner === owner) throw { kind: "thrown", text: "ERR_ALREADY_HELD" };
    return undefined;
  }

  join(waiter: Waiter, owner: object | undefined): void {
    this.#line.push({ waiter, owner });
  }

  release(): void {
    const next = shift(this.#line);
    this.#held = next !== undefined;
    this.#owner = next?.owner;
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
