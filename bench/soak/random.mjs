/**
 * Random choices that a seed repeats (mulberry32). Only the choices repeat. The order of events does not, because the
 * clock is real.
 */

/**
 * @typedef {object} Random
 * @property {(low: number, high: number) => number} integer From `low` to `high`, both included.
 * @property {(share: number) => boolean} chance True with this probability.
 * @property {<T>(list: readonly T[]) => T} pick
 * @property {<T>(list: readonly T[]) => T[]} shuffle A copy in another order.
 */

/**
 * @param {number} seed a whole number from 0 to 2^32 - 1
 * @returns {Random}
 */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** @type {Random["integer"]} */
  const integer = (low, high) => low + Math.floor(next() * (high - low + 1));
  return {
    integer,
    chance: (share) => next() < share,
    pick: (list) => /** @type {any} */ (list[integer(0, list.length - 1)]),
    shuffle: (list) => {
      const copy = [...list];
      for (let last = copy.length - 1; last > 0; last -= 1) {
        const other = integer(0, last);
        [copy[last], copy[other]] = /** @type {any} */ ([copy[other], copy[last]]);
      }
      return copy;
    },
  };
}
