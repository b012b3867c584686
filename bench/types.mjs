/**
 * The terms and types of the benchmark. This file has no code.
 *
 * A *case* is one question ("how much does a timeout cost?"). A *subject* is one way to do the work: with this library,
 * with hand-written code, or with a peer library. A *row* holds the figures of one subject of one case on one runtime.
 * In a *growth case* there is one row for each number of tasks. Peers are compared with the first subject of a case that
 * uses this library.
 */

/**
 * @typedef {object} Subject
 * @property {string} [from] The module that the subject needs, one of peers.mjs. Loaded before `setup`. A subject whose
 *   module is not installed is reported as absent.
 * @property {boolean} [ours] True if the subject uses this library. Its absence is an error.
 * @property {string} [note] How the work differs from the work of this library's subject. Shown in the last column of
 *   the case's table. Required for every peer that is faster than this library.
 * @property {(module: any) => any} [setup] Makes the state that all batches share. Called once.
 * @property {(n: number, state: any, hold: () => Promise<void>) => unknown} run Performs `n` operations. A
 *   returned number is the time in ns that the subject measured itself, for operations that need preparation outside the
 *   measured time. In a `"growth"` case, one life of `n` tasks: starts them, awaits `hold()` once when all have started,
 *   ends them, and resolves when all have ended.
 * @property {(state: any) => unknown} [teardown] Called once, at the end.
 */

/**
 * A limit for a subject's row. Give exactly one of the `atMost…` properties.
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
 * @property {number} [from] The number of tasks with which `atMostGrowth` compares.
 * @property {number} [runtime] Major version of Node. Default: all versions.
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} about One sentence for the report.
 * @property {string} per The unit of the figures ("use", "child", "waiter", …).
 * @property {number} [scale] Number of these units in one operation. Default 1.
 * @property {"time" | "heap" | "growth"} [kind] Default `"time"`. The `run` of a `"heap"` subject receives a heap probe
 *   instead of `n` and returns the growth of the heap. A `"growth"` case is measured with every number in `sizes`.
 * @property {readonly number[]} [sizes] Numbers of tasks of a `"growth"` case, ascending.
 * @property {string} baseline The subject with which every other subject is compared.
 * @property {Record<string, Subject>} subjects
 * @property {Target[]} [targets]
 * @property {string[]} [covers] Ids of conformance items that the targets of the case cover.
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
 * @property {string} runtime For example `node 24.11.0`.
 * @property {number} [n] In a `"growth"` case: the number of tasks.
 * @property {number | null} ns Median time of one operation.
 * @property {number | null} p25
 * @property {number | null} p75
 * @property {number | null} bytes Bytes allocated per operation. In a `"heap"` case: the growth of the heap. In a
 *   `"growth"` case: bytes held per task while all tasks exist.
 * @property {number} [timers] In a `"heap"` case: the number of timers still armed at the end.
 * @property {string} [skipped] In a `"growth"` case: why the subject was not measured with `n` tasks.
 * @property {Record<string, Ratio>} ratios The time of this row divided by the time of the named subject.
 */

/**
 * One subject of one question of accuracy.mjs on one runtime. Times are in ns.
 *
 * @typedef {object} AccuracyRow
 * @property {string} question The name of a question in accuracy.mjs.
 * @property {string} subject
 * @property {boolean} ours
 * @property {string} [note] The note of the subject, see {@link Subject}.
 * @property {string} runtime
 * @property {number} samples
 * @property {number} min
 * @property {number} p50
 * @property {number} p99
 * @property {number} max
 */

/**
 * The content of results.json.
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
 * @property {string} [skipped] Why the subject was not measured.
 * @property {string} [absent] The module that was not found.
 * @property {string} [failed] The message of the error.
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
