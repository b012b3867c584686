import { invalidType, outOfRange } from "../arguments.ts";

/**
 * A function that gives random numbers from 0 up to, and without, 1. The same seed gives the same numbers. The algorithm
 * is Mulberry32, which is small, fast and good enough for jitter and for a fair choice.
 */
export function seededRandom(seed: number, argument: string): () => number {
  if (typeof seed !== "number") throw invalidType(argument, "a number", seed);
  if (!Number.isSafeInteger(seed)) throw outOfRange(argument, "a whole number", seed);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
