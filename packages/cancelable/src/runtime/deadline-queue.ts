import { runOutside } from "#platform/ambient";
import { afterMicrotasks, inLaterTurn } from "#platform/turns";
import type { Runtime } from "./runtime.ts";

/** Something that is due at a time. */
export interface Timed {
  /** When, in milliseconds of the runtime's clock. */
  at: number;
  /** Its place in a queue, while it has one. Only the queue writes it. */
  slot: Slot | undefined;
  /** Called once, when the time has come and it is out of the queue. */
  due(): void;
}

/** A place in a queue. It has the time that it was taken for, so an entry that leaves may change its own (D1). */
export class Slot {
  readonly at: number;
  /** Order among equals. */
  readonly sequence: number;
  /** Undefined: it has left. */
  entry: Timed | undefined;
  readonly #queue: DeadlineQueue;

  constructor(queue: DeadlineQueue, entry: Timed, sequence: number) {
    this.#queue = queue;
    this.at = entry.at;
    this.entry = entry;
    this.sequence = sequence;
  }

  /** Gives the place up. Called by its entry, which then has none. */
  leave(): void {
    const entry = this.entry as Timed;
    this.entry = undefined;
    entry.slot = undefined;
    this.#queue.left(this);
  }
}

/**
 * All deadlines and sleeps of one runtime, over one timer of that runtime.
 *
 *  D1  A binary heap of slots by time, then by order of entry. An entry that leaves empties its slot, so leaving
 *      is O(1); the array is cleared of empty slots when they are more than half of it. An entry that
 *      comes back has a new slot.
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
  readonly #heap: Slot[] = [];
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
    const slot = new Slot(this, entry, this.#sequence++);
    entry.slot = slot;
    this.#live++;
    this.#heap.push(slot);
    this.#up(slot, this.#heap.length - 1);
    if (!this.#firing) this.#armFor(slot);
  }

  /** A slot of this queue was emptied. */
  left(slot: Slot): void {
    const heap = this.#heap;
    this.#live--;
    if (heap[heap.length - 1] === slot) heap.pop();
    else if (this.#live === 0 || (heap.length > 64 && heap.length > 2 * this.#live)) this.#compact();
    if (this.#live === 0) this.#idle();
  }

  /** Drops the empty slots and builds the heap anew: O(n), for at least n / 2 that have left. */
  #compact(): void {
    const heap = this.#heap;
    let kept = 0;
    for (const slot of heap) if (slot.entry !== undefined) heap[kept++] = slot;
    heap.length = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at--) this.#down(heap[at] as Slot, at);
  }

  /** The first slot that is not empty. */
  #first(): Slot | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.entry !== undefined) return first;
      this.#shift();
    }
    return undefined;
  }

  /** Takes the slot at the top out of the array. */
  #shift(): void {
    const heap = this.#heap;
    const last = heap.pop() as Slot;
    if (heap.length > 0) this.#down(last, 0);
  }

  /** D2. Also for an entry at Infinity: somebody sleeps, and that keeps the process alive. */
  #armFor(slot: Slot): void {
    const at = Math.min(slot.at, this.#timerAt);
    if (this.#timer !== undefined) {
      // Watched timers may have been thrown away behind our back: those are always set anew.
      if (at === this.#timerAt && this.#runtime.exactTimers !== true) return;
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
    const entry = first.entry as Timed; // the first slot that is not empty
    first.entry = undefined;
    entry.slot = undefined;
    this.#shift();
    this.#live--;
    try {
      entry.due();
    } finally {
      if (this.#live > 0) {
        this.#firing = true;
        afterMicrotasks(this.#next);
      }
    }
  };

  #up(entry: Slot, from: number): void {
    const heap = this.#heap;
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = heap[above] as Slot;
      if (!before(entry, parent)) break;
      heap[slot] = parent;
      slot = above;
    }
    heap[slot] = entry;
  }

  #down(entry: Slot, from: number): void {
    const heap = this.#heap;
    const { length } = heap;
    let slot = from;
    for (;;) {
      let below = 2 * slot + 1;
      if (below >= length) break;
      const right = below + 1;
      if (right < length && before(heap[right] as Slot, heap[below] as Slot)) below = right;
      const child = heap[below] as Slot;
      if (!before(child, entry)) break;
      heap[slot] = child;
      slot = below;
    }
    heap[slot] = entry;
  }
}

function before(a: Slot, b: Slot): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
