import { runOutside } from "#platform/ambient";
import { afterMicrotasks, inLaterTurn } from "#platform/turns";
import type { Runtime } from "./runtime.ts";
import type { Deadlines, Slot, Timed } from "./timed.ts";

/**
 * A place in a queue. It keeps the time at which it was taken, so that a removed entry can change its own time (D1).
 */
class QueueSlot implements Slot {
  readonly at: number;
  /** The order of slots with the same time. */
  readonly sequence: number;
  /** Undefined after the entry was removed. */
  entry: Timed | undefined;
  readonly #queue: DeadlineQueue;

  constructor(queue: DeadlineQueue, entry: Timed, sequence: number) {
    this.#queue = queue;
    this.at = entry.at;
    this.entry = entry;
    this.sequence = sequence;
  }

  /** Removes the entry from the queue by emptying this slot (D1). */
  remove(): void {
    const entry = this.entry as Timed; // an entry refers to its slot only while it is in it
    this.entry = undefined;
    entry.slot = undefined;
    this.#queue.emptied(this);
  }
}

/**
 * All deadlines and sleeps of one runtime, with one timer of that runtime.
 *
 *  D1  The queue is a binary heap of slots, ordered by time and then by order of entry. An entry that leaves empties
 *      its slot, so leaving is O(1). When more than half of the slots are empty, the empty slots are removed. An
 *      entry that returns gets a new slot.
 *  D2  The timer is never later than the first entry. The timer may be earlier if its entry has left. In this case it
 *      is set again when it fires.
 *  D3  An empty queue keeps its timer only until the end of the current turn of the event loop. A runtime that counts
 *      its timers (virtual time) gets the timer back at once.
 *  D4  Microtasks run between two entries, as between two timers of the host. Code of the first entry can therefore
 *      still remove the second entry.
 *  D5  Where time passes by itself, a timer serves the entries that are due when it fires, and no others. An entry that
 *      becomes due meanwhile gets a timer of its own, so tasks whose work takes longer than their sleeps leave turns to
 *      the event loop.
 */
export class DeadlineQueue implements Deadlines {
  readonly #runtime: Runtime;
  readonly #heap: QueueSlot[] = [];
  #timer: Disposable | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  /** The time at which the timer fired last (D5). */
  #firedAt = 0;
  #sequence = 0;
  /** The number of slots that are not empty. */
  #live = 0;
  /** Whether the timer of the empty queue is to be removed at the end of the turn (D3). */
  #sweeping = false;
  /** Whether due entries are being called. The timer is set after the last one. */
  #firing = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  add(entry: Timed): void {
    const slot = new QueueSlot(this, entry, this.#sequence++);
    entry.slot = slot;
    this.#live++;
    const heap = this.#heap;
    try {
      heap.push(slot);
      this.#up(slot, heap.length - 1);
      if (!this.#firing) this.#armFor(slot);
    } catch (error) {
      /* v8 ignore start -- @preserve a stack that is used up: a test runs this in a process of its own */
      // The stack is used up, so there is no call here.
      if (heap[heap.length - 1] === slot) heap.length -= 1;
      slot.entry = entry.slot = undefined;
      this.#live--;
      throw error;
      /* v8 ignore stop */
    }
  }

  /** The entry of `slot` was removed. */
  emptied(slot: QueueSlot): void {
    const heap = this.#heap;
    this.#live--;
    if (heap[heap.length - 1] === slot) heap.pop();
    else if (this.#live === 0 || (heap.length > 64 && heap.length > 2 * this.#live)) this.#compact();
    if (this.#live === 0) this.#idle();
  }

  /** Removes the empty slots and rebuilds the heap. It costs O(n) after at least n / 2 removals. */
  #compact(): void {
    const heap = this.#heap;
    let kept = 0;
    for (const slot of heap) if (slot.entry !== undefined) heap[kept++] = slot;
    heap.length = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at--) this.#down(heap[at] as QueueSlot, at);
  }

  /** The first slot that is not empty. */
  #first(): QueueSlot | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.entry !== undefined) return first;
      this.#shift();
    }
    return undefined;
  }

  /** Removes the slot at the top of the heap. */
  #shift(): void {
    const heap = this.#heap;
    const last = heap.pop() as QueueSlot;
    if (heap.length > 0) this.#down(last, 0);
  }

  /**
   * Sets the timer for `slot` (D2). Also for a time of Infinity: a task that sleeps for ever keeps the process alive.
   */
  #armFor(slot: QueueSlot): void {
    const at = Math.min(slot.at, this.#timerAt);
    const before = this.#timer;
    if (before !== undefined && at === this.#timerAt) return;
    const beforeAt = this.#timerAt;
    this.#timerAt = at; // before the call: a runtime can fire a timer that is due at once
    try {
      this.#timer = runOutside(() => this.#runtime.setTimer(at, this.#fire));
    } catch (error) {
      this.#timerAt = beforeAt; // the timer from before is still set
      throw error;
    }
    before?.[Symbol.dispose]();
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
    this.#firedAt = this.#runtime.now();
    this.#next();
  };

  readonly #next = (): void => {
    this.#firing = false;
    const first = this.#first();
    if (first === undefined) return;
    if (first.at > this.#servedUntil) {
      this.#armFor(first);
      return;
    }
    const entry = first.entry as Timed; // `#first` returns no empty slot
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

  /** The time up to which entries are called now (D5). Fake clocks can move between two entries. */
  get #servedUntil(): number {
    const runtime = this.#runtime;
    return (runtime.passesByItself ?? runtime.exactTimers !== true) ? this.#firedAt : runtime.now();
  }

  #up(entry: QueueSlot, from: number): void {
    const heap = this.#heap;
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = heap[above] as QueueSlot;
      if (!before(entry, parent)) break;
      heap[slot] = parent;
      slot = above;
    }
    heap[slot] = entry;
  }

  #down(entry: QueueSlot, from: number): void {
    const heap = this.#heap;
    const { length } = heap;
    let slot = from;
    for (;;) {
      let below = 2 * slot + 1;
      if (below >= length) break;
      const right = below + 1;
      if (right < length && before(heap[right] as QueueSlot, heap[below] as QueueSlot)) below = right;
      const child = heap[below] as QueueSlot;
      if (!before(child, entry)) break;
      heap[slot] = child;
      slot = below;
    }
    heap[slot] = entry;
  }
}

function before(a: QueueSlot, b: QueueSlot): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
