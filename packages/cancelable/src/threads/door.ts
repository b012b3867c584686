/*
 * A thread that does not check learns of a cancellation in another thread here: it waits at the doorbell of the slab.
 *
 *  D1  A thread has at most one wait for each slab, however many tokens it awaits: a wait that has begun cannot be
 *      withdrawn. Ended waits of tokens leave nothing.
 *  D2  The door keeps the tokens that something in this thread awaits from being collected, and no others. A token leaves
 *      the door when the bell rings, or when the doors have become twice as full as after the last look.
 *  D3  A wait keeps no process alive. A cancel of this thread does not need the bell.
 *  D4  A thread looks again at once when the bell has rung during a look, but only a few times: other threads can ring all
 *      the time, and this thread must serve its other events.
 */

import { runOutside } from "#platform/ambient";
import { afterIdle } from "#platform/idle-timer";
import { Slab } from "./slab.ts";

/** Where `Atomics.waitAsync` is missing, this thread looks at the tokens that it awaits in this interval, in ms. */
const interval = 5;
/** The most looks in one turn of the event loop (D4). */
const maxLooks = 8;

/** A token that is awaited. */
interface Awaited {
  readonly place: { readonly slab: Slab };
  /** Whether anything in this thread has to be told of a cancellation. */
  readonly isAwaited: boolean;
  /** Looks at the shared memory, and tells of a cancellation. */
  pending(): unknown;
}

/** The wait of this thread at one slab. It refers to the slab only while it has tokens (D2). */
interface Door {
  isWaiting: boolean;
  open: OpenDoor | undefined;
}

interface OpenDoor {
  readonly slab: Slab;
  readonly awaited: Set<Awaited>;
}

const doors = new WeakMap<Slab, Door>();
const openDoors = new Set<Door>();
/** The number of tokens after the last sweep, and the number of tokens that were added since. */
let kept = 0;
let added = 0;

/** Tells `token` of a cancellation in another thread, as long as it is awaited. */
export function watchDoor(token: Awaited): void {
  const { slab } = token.place;
  let door = doors.get(slab);
  if (door === undefined) {
    door = { isWaiting: false, open: undefined };
    doors.set(slab, door);
  }
  door.open ??= { slab, awaited: new Set() };
  if (door.open.awaited.has(token)) return;
  door.open.awaited.add(token);
  openDoors.add(door);
  if (++added > kept + 512) sweep();
  if (door.isWaiting) return;
  door.isWaiting = true;
  const waiting = door;
  void runOutside(() => Promise.resolve().then(() => wait(waiting)));
}

/** Looks at the tokens, and waits for the next ring. Not before a look: a ring can have come before the wait. */
function wait(door: Door): void {
  for (let looks = 1; door.open !== undefined; looks++) {
    const { slab, awaited } = door.open;
    const { rings } = slab;
    for (const token of awaited) token.pending();
    // A callback of a token can have closed the door: a token that the callback awaits can lead to a sweep.
    if (door.open !== undefined) forget(door);
    if (door.open === undefined) break;
    const { canWait } = Slab;
    const ring = canWait ? slab.nextRing(rings) : undefined;
    if (ring === undefined && canWait && looks < maxLooks) continue;
    if (ring === undefined) runOutside(() => afterIdle(canWait ? 0 : interval, () => wait(door)));
    else void runOutside(() => ring.then(() => wait(door)));
    return;
  }
  door.isWaiting = false;
}

/** Forgets the tokens that are not awaited any more. */
function forget(door: Door): void {
  const { awaited } = door.open as OpenDoor; // the callers have looked
  for (const token of awaited) if (!token.isAwaited) awaited.delete(token);
  if (awaited.size > 0) return;
  door.open = undefined;
  openDoors.delete(door);
}

function sweep(): void {
  added = kept = 0;
  for (const door of openDoors) {
    forget(door);
    kept += door.open?.awaited.size ?? 0;
  }
}
