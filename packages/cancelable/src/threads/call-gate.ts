import { createSharedMemory } from "#platform/shared-memory";
import { UsageError } from "../usage-error.ts";

/** The highest number of calls that a gate can count. */
export const maxCalls: number = 2 ** 28;

const stateAt = 0;
const refusedAt = 1;
const isClosed = 1;
const oneCall = 2;

/**
 * The way of the calls of one thread into a bridge, in shared memory: whether the bridge takes calls, and the number of
 * calls that have not ended. Both are one word. So a call is either taken before the gate closes, or refused.
 */
export class CallGate {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer = createSharedMemory(8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /**
   * Takes a call of the bridge with this name.
   *
   * @throws UsageError `ERR_FULL` if `capacity` calls have not ended, and `ERR_CLOSED`.
   */
  take(capacity: number, bridge: string): void {
    const words = this.#words;
    for (;;) {
      const state = Atomics.load(words, stateAt);
      if ((state & isClosed) !== 0)
        throw new UsageError("ERR_CLOSED", `The bridge "${bridge}"`, "it was stopped");
      if (state >= capacity * oneCall) {
        Atomics.add(words, refusedAt, 1);
        throw new UsageError("ERR_FULL", `The bridge "${bridge}"`, `its capacity is ${capacity}`);
      }
      if (Atomics.compareExchange(words, stateAt, state, state + oneCall) === state) return;
    }
  }

  /** A call has ended. */
  leave(): void {
    Atomics.sub(this.#words, stateAt, oneCall);
  }

  open(): void {
    Atomics.and(this.#words, stateAt, ~isClosed);
  }

  close(): void {
    Atomics.or(this.#words, stateAt, isClosed);
  }

  /** The number of calls that were taken and have not ended. */
  get calls(): number {
    return Atomics.load(this.#words, stateAt) >>> 1;
  }

  /** The number of calls that were refused because there were too many. */
  get refused(): number {
    return Atomics.load(this.#words, refusedAt);
  }
}
