/** What must hold for a soak to have passed. */
import { trendOf, warmSamples } from "./flat.mjs";

/** @import { Tally, Trend, Verdict } from "./types.mjs" */
/** @import { Samples } from "./samples.mjs" */

/**
 * How far the heap may seem to rise over the whole run, in bytes. On Node 20 it was 100 kB in five minutes and 280 kB in
 * thirty (5.4 million operations); heap snapshots show no more objects, but longer lists of V8's of the users of a
 * prototype, and arrays and weak sets, which stay as large as they ever were. The largest of these double by 260 kB,
 * a few times in all; one such step does not move the median of the slopes, several in a row do, which is what the
 * rest of the room is for. The table at the end tells what it means for a leak: how few bytes each operation need
 * leave behind to be noticed.
 */
export const limit = 512 * 1_024;

/**
 * @param {Samples} samples
 * @param {string[]} problems what was noticed on the way
 * @returns {Verdict}
 */
export function judge(samples, problems) {
  const { seconds, heap, external } = samples;
  const trends = { heap: trendOf(seconds, heap), external: trendOf(seconds, external) };
  const found = [...problems];
  for (const [what, trend] of Object.entries(trends)) {
    if (trend.growth > limit)
      found.push(
        `${what} memory rises by ${kilobytes(trend.growth)} over the run, more than ${kilobytes(limit)}`,
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
 * How many bytes each operation of a scenario may leave behind before it is noticed, the other scenarios being flat.
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
