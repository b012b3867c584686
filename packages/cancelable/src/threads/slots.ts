/*
 * The slots that this thread gives to its new tokens (M4).
 *
 * A slot is used again in the order of the ends, and only when `restingSlots` slots of its slab have ended. So at
 * least as many other tokens are created before a reader that comes late sees `ended` in place of the cancellation.
 *
 * A slab is referred to by its tokens, and by this file only while it has slots to give. So the memory of tokens that
 * were forgotten is collected with the last of them, in whatever thread that is.
 */

import { type Slab, slotCount } from "./slab.ts";
import { newSlab, type Place } from "./slabs.ts";

const restingSlots = 256;

/** The slots of one slab. */
class Slots {
  readonly slab: Slab = newSlab();
  /** The first slot that was never used. All later slots were never used either. */
  #unused = 0;
  /** The slots whose tokens have ended, oldest first. */
  readonly #ended: number[] = [];

  get canGive(): boolean {
    return this.#unused < slotCount || this.#ended.length > restingSlots;
  }

  /** Undefined if the slot can never be used again. The caller has looked at {@link canGive}. */
  take(): Place | undefined {
    const slot = this.#unused < slotCount ? this.#unused++ : (this.#ended.shift() as number);
    const generation = this.slab.begin(slot);
    return generation === undefined ? undefined : { slab: this.slab, slot, generation };
  }

  giveBack(slot: number): void {
    this.#ended.push(slot);
  }
}

/** The slabs that can give slots, and no others. */
const giving: Slots[] = [];

/** A place for a new token, with the function that ends the token. */
export interface OwnPlace extends Place {
  /** Ends the token in all threads. Returns false if it was cancelled before. */
  end(): boolean;
}

/** Takes a place for a new token. */
export function takePlace(): OwnPlace {
  for (;;) {
    if (giving.length === 0) giving.push(new Slots());
    const slots = giving[0] as Slots;
    const place = slots.take();
    if (!slots.canGive) giving.shift();
    if (place === undefined) continue;
    const { slab, slot, generation } = place;
    return {
      ...place,
      end() {
        const wasOpen = slab.end(slot, generation);
        const couldGive = slots.canGive;
        slots.giveBack(slot);
        if (!couldGive && slots.canGive) giving.push(slots);
        return wasOpen;
      },
    };
  }
}
