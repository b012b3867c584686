/**
 * The words of the soak test. This file holds types only.
 *
 * A *scenario* is one kind of work; a *round* does every scenario once, in an order of its own; a *sample* is taken
 * between rounds, when nothing is under way.
 */

/**
 * What lives as long as the soak. Scenarios tie short-lived things to it, because that is where leaks show: a parent,
 * a token and a foreign signal that outlive what was started below them.
 *
 * @typedef {object} World
 * @property {import("./random.mjs").Random} random
 * @property {import("@hother/cancelable").CancellationToken} token Never cancelled.
 * @property {AbortSignal} signal Never aborted.
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {() => Promise<void> | void} [open] Starts what the scenario keeps for the whole soak.
 * @property {(world: World) => Promise<number>} round Does its work once and asserts what came out. Resolves with the
 *   number of operations performed; everything that it started has ended by then.
 * @property {() => Promise<void> | void} [close] Ends what `open` started, and asserts how it ended.
 */

/**
 * @typedef {object} Tally
 * @property {string} name
 * @property {number} rounds
 * @property {number} operations
 */

/**
 * @typedef {object} Trend
 * @property {number} slope Bytes in a second.
 * @property {number} start The line's height at time 0, in bytes.
 * @property {number} growth Bytes over the whole run, at this slope.
 */

/**
 * @typedef {object} Verdict
 * @property {boolean} flat
 * @property {Trend} heap
 * @property {Trend} external
 * @property {number} limit Bytes that each may have grown.
 * @property {number} from Seconds: when the warm-up was over.
 * @property {string[]} problems One sentence for each thing that is not as it should be.
 */

/**
 * What is known when the soak is over.
 *
 * @typedef {object} Outcome
 * @property {number} minutes
 * @property {number} seed
 * @property {import("./samples.mjs").Samples} samples
 * @property {Tally[]} tallies
 * @property {string} handles What is open at every sample, in words.
 * @property {Verdict} verdict
 */

export {};
