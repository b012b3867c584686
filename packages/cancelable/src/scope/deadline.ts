import { afterMicrotasks, inLaterTurn } from "#host/turns";
import type { Runtime } from "./runtime.ts";

/** Something that is due at a time. Kept in the queue by itself: no wrapper, no closure. */
export interface Timed {
  /** When, in milliseconds of the runtime's clock. */
  at: number;
  /** The queue that it is in. Only the queue writes it. */
  queue: DeadlineQueue | undefined;
  /** Its place in the queue. Only the queue writes it. */
  slot: number;
  /** Order among equals. Only the queue writes it. */
  sequence: number;
  /** Called once, when the time has come and it is out of the queue. */
  due(): void;
}

/**
 * All deadlines and sleeps of one runtime, over one timer of that runtime.
 *
 *  D1  A binary heap by time, then by order of entry; every entry knows its slot, so leaving is O(log n).
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
  #sweeping = false;
  #firing = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#timers = runtime.timers;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Whether the runtime still has the timers that this queue was made for. */
  get isCurrent(): boolean {
    return this.#runtime.timers === this.#timers;
  }

  add(entry: Timed): void {
    entry.queue = this;
    entry.sequence = this.#sequence++;
    const slot = this.#heap.length;
    this.#heap.push(entry);
    this.#up(entry, slot);
    if (!this.#firing) this.#armFor(entry);
  }

  remove(entry: Timed): void {
    if (entry.queue !== this) return;
    const { slot } = entry;
    entry.queue = undefined;
    const last = this.#heap.pop() as Timed;
    if (last !== entry) {
      this.#up(last, slot);
      this.#down(last, last.slot);
    }
    if (this.#heap.length === 0) this.#idle();
  }

  /** D2. Also for an entry at Infinity: somebody sleeps, and that keeps the process alive. */
  #armFor({ at }: Timed): void {
    if (this.#timer !== undefined) {
      if (at >= this.#timerAt) return;
      this.#timer[Symbol.dispose]();
    }
    this.#timerAt = at;
    this.#timer = this.#runtime.setTimer(at, this.#fire);
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
      if (this.#heap.length === 0) this.#disarm();
    });
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#next();
  };

  readonly #next = (): void => {
    this.#firing = false;
    const first = this.#heap[0];
    if (first === undefined) return;
    if (this.#runtime.now() < first.at) {
      this.#armFor(first);
      return;
    }
    this.remove(first);
    first.due();
    if (this.#heap.length > 0) {
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
      parent.slot = slot;
      slot = above;
    }
    heap[slot] = entry;
    entry.slot = slot;
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
      child.slot = slot;
      slot = below;
    }
    heap[slot] = entry;
    entry.slot = slot;
  }
}

function before(a: Timed, b: Timed): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
