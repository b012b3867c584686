/**
 * Decides whether a series is flat.
 *
 * The slope is the median of the slopes between all pairs of samples (Theil–Sen). Up to 29 % of the samples may be
 * arbitrarily wrong without a large effect on the slope, for example samples taken just after V8 compiled or dropped
 * code. The criterion is how far the line rises over the whole run. In a longer run noise counts less, and a leak does
 * not.
 */

/** @import { Trend } from "./types.mjs" */

/** The share of samples at the start that do not count, because code is compiled and caches and histories fill up. */
export const warmUp = 0.2;

/** The fewest samples from which a trend is computed. */
const fewest = 8;

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const high = /** @type {number} */ (sorted[middle]);
  return sorted.length % 2 === 1 ? high : (high + /** @type {number} */ (sorted[middle - 1])) / 2;
}

/**
 * Fits a line through `values` at `times`, by the method of Theil and Sen.
 *
 * @param {readonly number[]} times in ascending order
 * @param {readonly number[]} values
 */
export function fitLine(times, values) {
  /** @type {number[]} */
  const slopes = [];
  for (let i = 0; i < times.length; i += 1) {
    for (let j = i + 1; j < times.length; j += 1) {
      const between = at(times, j) - at(times, i);
      if (between > 0) slopes.push((at(values, j) - at(values, i)) / between);
    }
  }
  const slope = median(slopes);
  return { slope, start: median(values.map((value, i) => value - slope * at(times, i))) };
}

/**
 * Computes how far a series rises over the whole run, at the slope after the warm-up.
 *
 * @param {readonly number[]} times in seconds since the start, in ascending order
 * @param {readonly number[]} values
 * @returns {Trend}
 * @throws {RangeError} if there are too few samples
 */
export function trendOf(times, values) {
  const first = warmSamples(times.length);
  if (times.length - first < fewest) {
    throw new RangeError(
      `times must contain at least ${fewest} samples after the warm-up, got ${times.length - first}`,
    );
  }
  const { slope, start } = fitLine(times.slice(first), values.slice(first));
  return { slope, start, growth: slope * at(times, times.length - 1) };
}

/**
 * The number of samples in the warm-up.
 *
 * @param {number} count of all samples
 */
export function warmSamples(count) {
  return Math.ceil(count * warmUp);
}

/** @param {readonly number[]} list @param {number} index of an existing item */
function at(list, index) {
  return /** @type {number} */ (list[index]);
}
