/**
 * The terms and types of the soak test. This file has no code.
 *
 * A *scenario* is one kind of work. A *round* runs every scenario once, in a random order. A *sample* is taken between
 * rounds, when no work runs.
 */

/**
 * Objects that live as long as the soak. Scenarios attach short-lived operations to them, because leaks show in a
 * parent, a token or a foreign signal that outlives its operations.
 *
 * @typedef {object} World
 * @property {import("./random.mjs").Random} random
 * @property {import("@hother/cancelable").CancellationToken} token Never cancelled.
 * @property {AbortSignal} signal Never aborted.
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {() => Promise<void> | void} [open] Starts the work that the scenario keeps for the whole soak.
 * @property {(world: World) => Promise<number>} round Does the work once and asserts the outcome. Resolves with the
 *   number of performed operations. All work of the round has ended by then.
 * @property {() => Promise<void> | void} [close] Ends the work that `open` started, and asserts its outcome.
 */

/**
 * @typedef {object} Tally
 * @property {string} name
 * @property {number} rounds
 * @property {number} operations
 */

/**
 * @typedef {object} Trend
 * @property {number} slope In bytes per second.
 * @property {number} start Value of the line at time 0, in bytes.
 * @property {number} growth Bytes over the whole run, at this slope.
 */

/**
 * @typedef {object} Verdict
 * @property {boolean} flat
 * @property {Trend} heap
 * @property {Trend} external
 * @property {number} limit The most growth of each, in bytes.
 * @property {number} from The end of the warm-up, in seconds.
 * @property {string[]} problems One sentence for each problem.
 */

/**
 * The result of a soak.
 *
 * @typedef {object} Outcome
 * @property {number} minutes
 * @property {number} seed
 * @property {import("./samples.mjs").Samples} samples
 * @property {Tally[]} tallies
 * @property {string} handles The handles that are open at every sample.
 * @property {Verdict} verdict
 */

export {};
