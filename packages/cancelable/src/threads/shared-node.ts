import { Cancellation } from "../token/cancellation.ts";
import { FollowingNode } from "../token/following-node.ts";
import type { Waiter } from "../token/tree.ts";
import { watchDoor } from "./door.ts";
import { fitMessage, maxReasonLength } from "./record.ts";
import type { Place } from "./slabs.ts";

/**
 * The node of a shared token in the tree of this thread. The state in shared memory is the truth. The node takes the state
 * over when it looks: at each check, when the doorbell of the slab rings, and when this thread cancels.
 */
export class SharedNode extends FollowingNode {
  readonly place: Place;
  /** The number of tokens of this thread that use the node. */
  holders = 0;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #open: number;

  constructor(place: Place) {
    super();
    this.place = place;
    const { slab, slot, generation } = place;
    this.#words = slab.words;
    ({ at: this.#at, open: this.#open } = slab.placeOf(slot, generation));
  }

  override get isPolled(): boolean {
    return true;
  }

  /** Whether anything in this thread has to be told of a cancellation. */
  get isAwaited(): boolean {
    if (this.reached !== undefined || this.isClosed) return false;
    return this.waiters !== undefined || this.controller !== undefined;
  }

  override check(): void {
    if (Atomics.load(this.#words, this.#at) === this.#open && this.polled === undefined) return;
    super.check();
  }

  override pending(): Cancellation | undefined {
    const isOpen = Atomics.load(this.#words, this.#at) === this.#open;
    if (!isOpen && this.reached === undefined && !this.isClosed) this.#takeOver();
    return super.pending();
  }

  /** Cancels the token in all threads. Returns false if another cancel was first, in whatever thread. */
  override cancel(cancellation: Cancellation): boolean {
    if (this.own !== undefined || this.isClosed) return false;
    const fitting = fit(cancellation);
    const { slab, slot, generation } = this.place;
    if (slab.cancel(slot, generation, fitting)) return super.cancel(fitting);
    this.#takeOver();
    return false;
  }

  #takeOver(): void {
    const { slab, slot, generation } = this.place;
    const ending = slab.endingOf(slot, generation);
    super.cancel(
      ending === "ended"
        ? new Cancellation("ended", "The shared token was closed by the thread that created it")
        : new Cancellation(ending.reason, ending.message, undefined, undefined, undefined, ending.at),
    );
  }

  override get signal(): AbortSignal {
    this.pending();
    const signal = super.signal;
    if (this.isAwaited) watchDoor(this);
    return signal;
  }

  override wait(waiter: Waiter): void {
    super.wait(waiter);
    if (this.isAwaited) watchDoor(this);
  }
}

/** The cancellation in the form in which other threads read it. */
function fit(cancellation: Cancellation): Cancellation {
  const { message } = cancellation;
  const reason = cancellation.reason.length > maxReasonLength ? "parent" : cancellation.reason;
  const fitting = message === undefined ? undefined : fitMessage(message);
  if (reason === cancellation.reason && fitting === message) return cancellation;
  return new Cancellation(reason, fitting, undefined, cancellation);
}
