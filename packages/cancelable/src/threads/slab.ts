/*
 * Shared memory for many tokens. Only this file and `record.ts` know the layout.
 *
 *   header    magic word, version of the layout, two words of a random id, the doorbell
 *   states    one word for each slot
 *   bitmap    one bit for each record: whether it is in use
 *   records   see `record.ts`
 *
 * Invariants, which other comments and docs/about/invariants.md refer to by number:
 *
 *  M1  The state of a slot is one word: a generation, and the state of the token of this generation. That is `open` (0),
 *      a record (its number + 1), `withoutText` or `ended`. A token knows its generation. Another generation in the
 *      slot means that the token has ended, and the slot was given to another token.
 *  M2  Only one atomic operation makes a token cancelled: a compare-and-exchange of the state from `open` to a record.
 *      The record is complete before. So one cancel wins, and no reader sees half of it.
 *  M3  A thread writes to a record that it alone has reserved, until the state of a slot refers to the record. No
 *      thread waits for a writer: a thread that ends in the middle of a cancel has cancelled nothing. It leaves one record
 *      reserved for ever. `spareRecords` threads can do so in each slab before cancels lose their text.
 *  M4  Only the thread that created the slab gives slots to tokens and ends them. The record of an ended token stays until
 *      the slot is used again, so that readers that come late still see the cancellation.
 *  M5  A reader copies the record, and then compares the state again. If the state has not changed, the record was not
 *      reused while it was copied.
 *  M6  Every change of a state rings the doorbell afterwards. No call of a function of JavaScript and no loop is between
 *      the two: engines end a thread only there, so a cancel that others see has also woken the waiters.
 */

import { createSharedMemory } from "#platform/shared-memory";
import { type CancellationData, decodeRecord, encodeRecord, recordWords } from "./record.ts";

const magic = 0x63_6e_63_6c;
/** The version of the layout and of the handles. Threads with different versions refuse each other's handles. */
export const version = 1;
export const slotCount = 1024;
const spareRecords = 256;
const recordCount = slotCount + spareRecords;

const header = { magic: 0, version: 1, id: 2, doorbell: 16 } as const;
const statesAt = 32;
const bitmapAt = statesAt + slotCount;
const recordsAt = bitmapAt + recordCount / 32;
/** The size of the shared memory. */
export const slabBytes: number = (recordsAt + recordCount * recordWords) * 4;

const generationShift = 11;
const ofGeneration = (1 << generationShift) - 1;
const withoutText = ofGeneration - 1;
const ended = ofGeneration;
/** Keeps a state a small integer of every engine. A slot with this generation is not used again. */
const maxGeneration = (1 << (30 - generationShift)) - 1;

/** The end of a token: by a cancellation, or without one. */
export type Ending = CancellationData | "ended";

/** One piece of shared memory, as one thread sees it. */
export class Slab {
  readonly memory: SharedArrayBuffer;
  /** For {@link isOpen} and for waiting at the doorbell. */
  readonly words: Int32Array;
  /** The same for all threads, and for all wrappers of the memory in one thread. */
  readonly id: string;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.id = this.words.subarray(header.id, header.id + 2).join(" ");
  }

  static create(): Slab {
    const memory = createSharedMemory(slabBytes);
    const words = new Int32Array(memory);
    words[header.magic] = magic;
    words[header.version] = version;
    words.set(crypto.getRandomValues(new Int32Array(2)), header.id);
    return new Slab(memory);
  }

  /** The version of the layout, or undefined if `memory` is no slab. */
  static versionOf(memory: SharedArrayBuffer): number | undefined {
    if (memory.byteLength < statesAt * 4) return undefined;
    const words = new Int32Array(memory, 0, statesAt);
    return words[header.magic] === magic ? words[header.version] : undefined;
  }

  // ---- for the thread that created the slab (M4) ------------------------------------------------

  /**
   * Gives the slot to a new token. Returns the generation of the token, or undefined if the slot cannot be used again.
   */
  begin(slot: number): number | undefined {
    const before = Atomics.load(this.words, statesAt + slot);
    const generation = (before >>> generationShift) + 1;
    if (generation > maxGeneration) return undefined;
    Atomics.store(this.words, statesAt + slot, generation << generationShift);
    const record = (before & ofGeneration) - 1;
    if (record >= 0 && record < recordCount) this.#release(record);
    return generation;
  }

  /** Ends a token: no thread can cancel it any more. Returns false if it was cancelled before. */
  end(slot: number, generation: number): boolean {
    const { words } = this;
    const open = generation << generationShift;
    if (Atomics.compareExchange(words, statesAt + slot, open, open | ended) !== open) return false;
    Atomics.add(words, header.doorbell, 1);
    Atomics.notify(words, header.doorbell);
    return true;
  }

  // ---- for all threads --------------------------------------------------------------------------

  /** The newest generation of a slot. */
  generationOf(slot: number): number {
    return Atomics.load(this.words, statesAt + slot) >>> generationShift;
  }

  /** The place of a slot's state in {@link words}, and the value that it has while the token is open. */
  placeOf(slot: number, generation: number): { readonly at: number; readonly open: number } {
    return { at: statesAt + slot, open: generation << generationShift };
  }

  /** Cancels a token. Returns false if it was cancelled before, or has ended. */
  cancel(slot: number, generation: number, data: CancellationData): boolean {
    const { words } = this;
    const at = statesAt + slot;
    const open = generation << generationShift;
    if (Atomics.load(words, at) !== open) return false;
    const text = encodeRecord(data);
    const record = this.#reserve();
    if (record !== undefined) words.set(text, recordsAt + record * recordWords);
    const cancelled = open | (record === undefined ? withoutText : record + 1);
    if (Atomics.compareExchange(words, at, open, cancelled) === open) {
      Atomics.add(words, header.doorbell, 1);
      Atomics.notify(words, header.doorbell);
      return true;
    }
    if (record !== undefined) this.#release(record);
    return false;
  }

  /** The end of a token that is not open any more. */
  endingOf(slot: number, generation: number): Ending {
    const { words } = this;
    const at = statesAt + slot;
    const state = Atomics.load(words, at);
    const what = state & ofGeneration;
    if (state >>> generationShift !== generation || what === ended) return "ended";
    if (what === withoutText) return { reason: "manual", message: undefined, at: Date.now() };
    const data = decodeRecord(words, recordsAt + (what - 1) * recordWords);
    return Atomics.load(words, at) === state ? data : "ended";
  }

  /** Reserves a record (M3). Undefined if there is none. */
  #reserve(): number | undefined {
    const { words } = this;
    for (let i = 0; i < recordCount / 32; i++) {
      for (;;) {
        const used = Atomics.load(words, bitmapAt + i);
        if (used === -1) break;
        const bit = 31 - Math.clz32(~used);
        const before = Atomics.or(words, bitmapAt + i, 1 << bit);
        if ((before & (1 << bit)) === 0) return i * 32 + bit;
      }
    }
    return undefined;
  }

  #release(record: number): void {
    Atomics.and(this.words, bitmapAt + (record >>> 5), ~(1 << (record & 31)));
  }

  // ---- the doorbell (M6) ------------------------------------------------------------------------

  /** Whether the host can wait for the doorbell. */
  static get canWait(): boolean {
    return (Atomics as Waiting).waitAsync !== undefined;
  }

  /** Changes whenever the state of a slot has changed. */
  get rings(): number {
    return Atomics.load(this.words, header.doorbell);
  }

  /**
   * Resolves when {@link rings} is not `rings` any more. Undefined if it is not now. The wait keeps no process alive.
   */
  nextRing(rings: number): Promise<unknown> | undefined {
    const wait = (Atomics as Waiting).waitAsync?.(this.words, header.doorbell, rings);
    return wait?.async === true ? wait.value : undefined;
  }
}

/** Part of ES2024. */
interface Waiting {
  readonly waitAsync?: (
    words: Int32Array,
    at: number,
    value: number,
  ) => { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
}
