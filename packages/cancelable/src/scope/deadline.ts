import { runOutside } from "#host/ambient";
import { afterMicrotasks, inLaterTurn } from "#host/turns";
import type { Runtime } from "./runtime.ts";

/** Something that is due at a time. Kept in the queue by itself: no wrapper, no closure. */
export interface Timed {
  /** When, in milliseconds of the runtime's clock. */
  at: number;
  /** The queue that it is in. Only the queue writes it. */
  queue: DeadlineQueue | undefined;
  /** Whether it was taken out and is still in the queue's array (D1). Only the queue writes it. */
  gone: boolean;
  /** Order among equals. Only the queue writes it. */
  sequence: number;
  /** Called once, when the time has come and it is out of the queue. */
  due(): void;
}

/**
 * All deadlines and sleeps of one runtime, over one timer of that runtime.
 *
 *  D1  A binary heap by time, then by order of entry. An entry that leaves is only marked, so leaving is
 *      O(1); the array is cleared of them when they are more than half of it.
 *  D2  The timer is never later than the first entry. It may be earlier (its entry left): then it is
 *      set anew when it fires.
 *  D3  An empty queue keeps its timer only until the end of this turn of the event loop, because most
 *      deadlines are set and taken back in a loop. Runtimes whose timers are watched ({@link Runtime}
 *      with `exactTimers`) give it back at once.
 *  D4  Between two entries the microtasks run, as between two timers of the host: the first one's
 *      code may still take the second one back.
 */
export class DeadlineQueue {
  readonly #runtime: Runtime;
  readonly #timers: unknown;
  readonly #heap: Timed[] = [];
  #timer: Disposable | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #sequence = 0;
  /** Entries that have not left. */
  #live = 0;
  #sweeping = false;
  #firing = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#timers = runtime.timers;
  }

  /** Whether the runtime still has the timers that this queue was made for. */
  get isCurrent(): boolean {
    return this.#runtime.timers === this.#timers;
  }

  add(entry: Timed): void {
    // Its old place has the new time in it now: away with that first.
    if (entry.gone) this.#compact();
    entry.queue = this;
    entry.sequence = this.#sequence++;
    this.#live++;
    this.#heap.push(entry);
    this.#up(entry, this.#heap.length - 1);
    if (!this.#firing) this.#armFor(entry);
  }

  remove(entry: Timed): void {
    if (entry.queue !== this || entry.gone) return;
    const heap = this.#heap;
    this.#live--;
    if (heap[heap.length - 1] === entry) {
      heap.pop();
      entry.queue = undefined;
    } else {
      entry.gone = true;
      if (this.#live === 0 || (heap.length > 64 && heap.length > 2 * this.#live)) this.#compact();
    }
    if (this.#live === 0) this.#idle();
  }

  /** Drops the entries that have left, and builds the heap anew: O(n), at most once for n that leave. */
  #compact(): void {
    const heap = this.#heap;
    let kept = 0;
    for (const entry of heap) {
      if (entry.gone) {
        entry.gone = false;
        entry.queue = undefined;
      } else heap[kept++] = entry;
    }
    heap.length = kept;
    for (let slot = (kept >> 1) - 1; slot >= 0; slot--) this.#down(heap[slot] as Timed, slot);
  }

  /** The first entry that has not left. */
  #first(): Timed | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (!first.gone) return first;
      this.#shift();
      first.gone = false;
    }
    return undefined;
  }

  /** Takes the entry at the top out of the array. */
  #shift(): void {
    const heap = this.#heap;
    (heap[0] as Timed).queue = undefined;
    const last = heap.pop() as Timed;
    if (heap.length > 0) this.#down(last, 0);
  }

  /** D2. Also for an entry at Infinity: somebody sleeps, and that keeps the process alive. */
  #armFor({ at }: Timed): void {
    if (this.#timer !== undefined) {
      if (at >= this.#timerAt) return;
      this.#timer[Symbol.dispose]();
    }
    this.#timerAt = at;
    this.#timer = runOutside(() => this.#runtime.setTimer(at, this.#fire));
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #idle(): void {
    if (this.#sweeping || this.#timer === undefined) return;
    if (this.#runtime.exactTimers === true) {
      this.#disarm();
      return;
    }
    this.#sweeping = true;
    inLaterTurn(() => {
      this.#sweeping = false;
      if (this.#live === 0) this.#disarm();
    });
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#next();
  };

  readonly #next = (): void => {
    this.#firing = false;
    const first = this.#first();
    if (first === undefined) return;
    if (this.#runtime.now() < first.at) {
      this.#armFor(first);
      return;
    }
    this.#shift();
    this.#live--;
    first.due();
    if (this.#live > 0) {
      this.#firing = true;
      afterMicrotasks(this.#next);
    }
  };

  #up(entry: Timed, from: number): void {
    const heap = this.#heap;
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = heap[above] as Timed;
      if (!before(entry, parent)) break;
      heap[slot] = parent;
      slot = above;
    }
    heap[slot] = entry;
  }

  #down(entry: Timed, from: number): void {
    const heap = this.#heap;
    const { length } = heap;
    let slot = from;
    for (;;) {
      let below = 2 * slot + 1;
      if (below >= length) break;
      const right = below + 1;
      if (right < length && before(heap[right] as Timed, heap[below] as Timed)) below = right;
      const child = heap[below] as Timed;
      if (!before(child, entry)) break;
      heap[slot] = child;
      slot = below;
    }
    heap[slot] = entry;
  }
}

function before(a: Timed, b: Timed): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
