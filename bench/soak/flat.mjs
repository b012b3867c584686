/**
 * Decides whether a series is flat.
 *
 * The slope is the median of the slopes between all pairs of samples (Theil–Sen): up to 29 % of the samples may be
 * arbitrarily wrong, such as those taken just after V8 compiled or dropped code, without moving it far. What counts is
 * how far the line rises over the whole run, so that noise counts for less the longer it runs, and a leak does not.
 */

/** @import { Trend } from "./types.mjs" */

/** This share of the samples comes first and does not count: code is compiled, caches and histories fill up. */
export const warmUp = 0.2;

/** Fewer samples than this tell nothing. */
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
 * The line through `values` at `times`, by Theil and Sen.
 *
 * @param {readonly number[]} times rising
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
 * How far a series rises over the whole run, at the slope that it has after the warm-up.
 *
 * @param {readonly number[]} times seconds since the start, rising
 * @param {readonly number[]} values
 * @returns {Trend}
 * @throws {RangeError} if there are too few samples to tell
 */
export function trendOf(times, values) {
  const first = warmSamples(times.length);
  if (times.length - first < fewest) {
    throw new RangeError(
      `times must hold at least ${fewest} samples after the warm-up; there were ${times.length - first}`,
    );
  }
  const { slope, start } = fitLine(times.slice(first), values.slice(first));
  return { slope, start, growth: slope * at(times, times.length - 1) };
}

/**
 * How many of so many samples belong to the warm-up.
 *
 * @param {number} count
 */
export function warmSamples(count) {
  return Math.ceil(count * warmUp);
}

/** @param {readonly number[]} list @param {number} index one that it has */
function at(list, index) {
  return /** @type {number} */ (list[index]);
}
