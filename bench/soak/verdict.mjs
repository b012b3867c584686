/** Decides whether a soak has passed. */
import { trendOf, warmSamples } from "./flat.mjs";

/** @import { Tally, Trend, Verdict } from "./types.mjs" */
/** @import { Samples } from "./samples.mjs" */

/**
 * The most apparent growth of the heap over the whole run, in bytes. On Node 20 the growth was 100 kB in five minutes and
 * 280 kB in thirty (5.4 million operations). Heap snapshots show no additional objects. V8's own lists of the users of a
 * prototype become longer, and arrays and weak sets keep their largest size. The largest of these double by 260 kB, a few
 * times per run. One such step does not change the median of the slopes, but several in a row do, so the limit leaves
 * room for them. The table at the end shows the smallest leak per operation that this limit detects.
 */
export const limit = 512 * 1_024;

/**
 * @param {Samples} samples
 * @param {string[]} problems recorded during the run
 * @returns {Verdict}
 */
export function judge(samples, problems) {
  const { seconds, heap, external } = samples;
  const trends = { heap: trendOf(seconds, heap), external: trendOf(seconds, external) };
  const found = [...problems];
  for (const [kind, trend] of Object.entries(trends)) {
    if (trend.growth > limit)
      found.push(
        `${kind} memory rises by ${kilobytes(trend.growth)} over the run, more than ${kilobytes(limit)}`,
      );
  }
  return {
    flat: found.length === 0,
    ...trends,
    limit,
    from: /** @type {number} */ (seconds[warmSamples(seconds.length)]),
    problems: found,
  };
}

/**
 * The smallest leak per operation of a scenario that is detected, in bytes, if the other scenarios are flat.
 *
 * @param {Trend} heap
 * @param {Tally} tally
 */
export function noticedFrom({ growth }, { operations }) {
  return Math.max(0, limit - growth) / operations;
}

/** @param {number} bytes */
export function kilobytes(bytes) {
  return `${Math.round(bytes / 1_000).toLocaleString("en-US")} kB`;
}
