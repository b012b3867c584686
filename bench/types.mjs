/**
 * The words of the benchmark. This file holds types only.
 *
 * A *case* is one question ("what does a timeout cost?"); a *subject* is one way to answer it (ours,
 * hand-written code, a peer library); a *row* is one subject of one case on one runtime.
 */

/**
 * @typedef {object} Subject
 * @property {string} [from] The module that it needs. Loaded before `setup`; a subject whose module is
 *   not installed is reported as absent.
 * @property {boolean} [ours] True for the library that this repository is about: its absence is an error.
 * @property {(module: any) => any} [setup] Makes what every batch shares. Called once.
 * @property {(n: number, state: any) => unknown} run Performs `n` operations. A returned number is the
 *   time in nanoseconds that the subject measured itself, for operations that need untimed preparation.
 * @property {(state: any) => unknown} [teardown] Called once, at the end.
 */

/**
 * What a subject's row is held against. Give exactly one of the limits.
 *
 * @typedef {object} Target
 * @property {string} subject
 * @property {string} [against] The other subject of a ratio or a difference.
 * @property {number} [atMost] Limit of the median of the round-by-round time ratio `subject / against`.
 * @property {number} [atMostNs] Limit of the difference of the median times, in ns per operation.
 * @property {number} [atMostBytes] Limit of `bytes`.
 * @property {number} [atMostTimers] Limit of `timers`.
 * @property {number} [runtime] Major version of Node; without it the target is for every one.
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} about One sentence for the report.
 * @property {string} per What one operation is ("use", "child", "waiter", …).
 * @property {number} [scale] How many of them one unit of `n` holds. Default 1.
 * @property {"time" | "heap"} [kind] Default `"time"`. A `"heap"` subject's `run` receives a heap probe in
 *   place of `n` and returns the growth.
 * @property {string} baseline The subject to which every other one is compared.
 * @property {Record<string, Subject>} subjects
 * @property {Target[]} [targets]
 */

/**
 * @typedef {object} Ratio
 * @property {number} median
 * @property {number} p25
 * @property {number} p75
 */

/**
 * @typedef {object} Row
 * @property {string} case
 * @property {string} subject
 * @property {string} runtime As in `node 24.11.0`.
 * @property {number | null} ns Median time of one operation.
 * @property {number | null} p25
 * @property {number | null} p75
 * @property {number | null} bytes Allocated per operation; in a `"heap"` case, the growth in all.
 * @property {number} [timers] In a `"heap"` case: timers that are still armed afterwards.
 * @property {Record<string, Ratio>} ratios This row's time divided by that of the named subject.
 */

/**
 * @typedef {object} Measured
 * @property {number[]} [rounds] ns per operation, one entry per round.
 * @property {number} [bytes]
 * @property {number} [timers]
 * @property {string} [absent] The module that was not found.
 * @property {string} [failed] The message of the error that it ended with.
 */

export {};
