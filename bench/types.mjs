/**
 * The words of the benchmark. This file holds types only.
 *
 * A *case* is one question ("what does a timeout cost?"); a *subject* is one way to answer it (ours,
 * hand-written code, a peer library); a *row* is one subject of one case on one runtime, in a case that grows also
 * at one number of tasks. *Ours* of a case is its first subject that is ours: peers are held against that one.
 */

/**
 * @typedef {object} Subject
 * @property {string} [from] The module that it needs, one of peers.mjs. Loaded before `setup`; a subject whose
 *   module is not installed is reported as absent.
 * @property {boolean} [ours] True for the library that this repository is about: its absence is an error.
 * @property {string} [note] Why it is not the same work as ours: what it leaves out, does besides, or does
 *   differently. Stands in the last column of the case's table. Every peer that is faster than ours needs one.
 * @property {(module: any) => any} [setup] Makes what every batch shares. Called once.
 * @property {(n: number, state: any, hold: () => Promise<void>) => unknown} run Performs `n` operations. A
 *   returned number is the time in nanoseconds that the subject measured itself, for operations that need
 *   untimed preparation. In a `"growth"` case, one life of `n` tasks: starts them, awaits `hold()` once when
 *   all are there, ends them, and resolves when all have ended.
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
 * @property {number} [atMostGrowth] In a `"growth"` case: limit of the time per task at the largest number of
 *   tasks, divided by that at `from`.
 * @property {number} [from] The number of tasks that `atMostGrowth` counts from.
 * @property {number} [runtime] Major version of Node; without it the target is for every one.
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} about One sentence for the report.
 * @property {string} per What one operation is ("use", "child", "waiter", …).
 * @property {number} [scale] How many of them one unit of `n` holds. Default 1.
 * @property {"time" | "heap" | "growth"} [kind] Default `"time"`. A `"heap"` subject's `run` receives a heap
 *   probe in place of `n` and returns the growth. A `"growth"` case is measured at every one of `sizes`.
 * @property {readonly number[]} [sizes] Numbers of tasks of a `"growth"` case, ascending.
 * @property {string} baseline The subject to which every other one is compared.
 * @property {Record<string, Subject>} subjects
 * @property {Target[]} [targets]
 * @property {string[]} [covers] The items of docs/conformance.md that its targets stand for.
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
 * @property {number} [n] In a `"growth"` case: how many tasks.
 * @property {number | null} ns Median time of one operation.
 * @property {number | null} p25
 * @property {number | null} p75
 * @property {number | null} bytes Allocated per operation; in a `"heap"` case, the growth in all; in a
 *   `"growth"` case, held per task while all are there.
 * @property {number} [timers] In a `"heap"` case: timers that are still armed afterwards.
 * @property {string} [skipped] In a `"growth"` case: why it was not measured at this `n`.
 * @property {Record<string, Ratio>} ratios This row's time divided by that of the named subject.
 */

/**
 * One subject of one question about moments (accuracy.mjs) on one runtime. Times in ns.
 *
 * @typedef {object} AccuracyRow
 * @property {string} question As in accuracy.mjs.
 * @property {string} subject
 * @property {boolean} ours
 * @property {string} [note] As in a {@link Subject}.
 * @property {string} runtime
 * @property {number} samples
 * @property {number} min
 * @property {number} p50
 * @property {number} p99
 * @property {number} max
 */

/**
 * What results.json holds.
 *
 * @typedef {object} Results
 * @property {Row[]} rows
 * @property {AccuracyRow[]} accuracy
 */

/**
 * @typedef {object} Measured
 * @property {number[]} [rounds] ns per operation, one entry per round.
 * @property {number} [bytes]
 * @property {number} [timers]
 * @property {string} [skipped] Why it was not measured.
 * @property {string} [absent] The module that was not found.
 * @property {string} [failed] The message of the error that it ended with.
 */

/**
 * A peer that is faster than this library.
 *
 * @typedef {object} Faster
 * @property {string} where The case or question, with the number of tasks in a growth case.
 * @property {string} runtime
 * @property {string} subject The peer.
 * @property {number} times The peer's time divided by this library's.
 * @property {string | undefined} note Why the work is not the same.
 */

export {};
