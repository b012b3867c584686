/** Measures how many bytes and timers the subjects of one case leave behind in this process. */
import { collect, describe, prepare, turn } from "./measure.mjs";

/** @import { Case, Measured } from "./types.mjs" */

/**
 * @param {Case} benchmark
 * @returns {Promise<Record<string, Measured>>}
 */
export async function measureHeap(benchmark) {
  /** @type {Record<string, Measured>} */
  const outcome = {};
  for (const { name, subject, state } of await prepare(benchmark, outcome)) {
    try {
      const timers = armedTimers();
      const bytes = /** @type {number} */ (
        await subject.run(/** @type {any} */ (heapUsed), state, async () => {})
      );
      outcome[name] = { bytes, timers: armedTimers() - timers };
      await subject.teardown?.(state);
    } catch (error) {
      outcome[name] = { failed: describe(error) };
    }
  }
  return outcome;
}

/** The heap in use after full collections, including those after weak references and finalizers. */
export async function heapUsed() {
  for (let i = 0; i < 5; i += 1) {
    collect();
    await turn();
  }
  collect();
  return process.memoryUsage().heapUsed;
}

function armedTimers() {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
