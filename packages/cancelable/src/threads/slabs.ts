/*
 * The slabs of this thread, each with one object: every message with a handle brings a new wrapper of the same memory.
 */

import { Slab } from "./slab.ts";

/** The place of one token. */
export interface Place {
  readonly slab: Slab;
  readonly slot: number;
  readonly generation: number;
}

const slabs = new Map<string, WeakRef<Slab>>();

function remember(slab: Slab): Slab {
  for (const [id, known] of slabs) {
    /* v8 ignore if -- @preserve depends on the garbage collector: a test runs this in a process of its own */
    if (known.deref() === undefined) slabs.delete(id);
  }
  slabs.set(slab.id, new WeakRef(slab));
  return slab;
}

export function newSlab(): Slab {
  return remember(Slab.create());
}

/** The slab in `memory`, which another thread can have created. */
export function slabOf(memory: SharedArrayBuffer): Slab {
  const slab = new Slab(memory);
  return slabs.get(slab.id)?.deref() ?? remember(slab);
}
