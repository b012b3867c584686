/**
 * Runs rounds until the time is over, and takes samples between them.
 *
 * All scenarios run inside one operation that lives as long as the soak. An object that a scenario leaves in its parent
 * stays there and is found.
 */
import { getEventListeners } from "node:events";
import { Cancellable, CancellationToken, registry } from "@hother/cancelable";
import { collectGarbage } from "./collect.mjs";
import { describe, listenForProblems } from "./problems.mjs";
import { randomFrom } from "./random.mjs";
import { countHandles, openHandles, signalListeners } from "./resources.mjs";
import { Samples } from "./samples.mjs";
import { scenarios } from "./scenarios.mjs";

/** @import { Scenario, Tally, World } from "./types.mjs" */

/** The shortest time between two samples, in seconds. */
const distance = 5;
/** The longest round of a scenario, in seconds. A normal round takes a fraction of a second. */
const longest = 60;
/** The most recorded leftovers. Each later sample would list the same ones again. */
const mostLeft = 5;

/**
 * @param {{ minutes: number, seed: number, tell: (line: string) => void }} options
 */
export async function soak({ minutes, seed, tell }) {
  const seconds = minutes * 60;
  const samples = new Samples(Math.ceil(seconds / distance) + 2);
  /** @type {Tally[]} */
  const tallies = scenarios.map(({ name }) => ({ name, rounds: 0, operations: 0 }));
  const listening = listenForProblems();
  const { problems } = listening;
  /** @type {World} */
  const world = {
    random: randomFrom(seed),
    token: new CancellationToken(),
    signal: new AbortController().signal,
  };
  const order = scenarios.map((_, index) => index);
  let [operations, rounds, handles] = [0, 0, ""];

  for (const { open } of scenarios) await open?.();
  await new Cancellable({ name: "soak" }).run(async (everything) => {
    await collectGarbage();
    handles = await openHandles(undefined);
    tell(`handles at the start: ${handles}`);
    const start = performance.now();
    const elapsed = () => (performance.now() - start) / 1_000;

    const sample = async () => {
      await collectGarbage();
      const now = await openHandles(handles);
      /** @type {[string, number][]} */
      const counts = [
        ["handlers of signals", signalListeners()],
        ["operations in the registry", registry.size],
        ["children of the soak's operation", everything.children.length],
        ["listeners on the soak's AbortSignal", getEventListeners(world.signal, "abort").length],
      ];
      const wrong = counts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
      if (now !== handles) wrong.push(`handles ${now}, at the start ${handles}`);
      if (wrong.length > 0 && problems.length < mostLeft) {
        problems.push(`left behind after round ${rounds}: ${wrong.join("; ")}`);
      }
      await collectGarbage();
      const left = counts.reduce((sum, [, count]) => sum + count, 0);
      const memory = process.memoryUsage();
      samples.add({ seconds: elapsed(), memory, handles: countHandles(now), left, operations });
      const heap = (memory.heapUsed / 1e6).toFixed(2);
      tell(`${(elapsed() / 60).toFixed(1)} min, ${rounds} rounds, ${operations} operations, heap ${heap} MB`);
    };

    await sample();
    for (let due = distance; elapsed() < seconds; rounds += 1) {
      for (const index of world.random.shuffle(order)) {
        const scenario = /** @type {Scenario} */ (scenarios[index]);
        const tally = /** @type {Tally} */ (tallies[index]);
        const done = await perform(scenario, world, rounds);
        tally.rounds += 1;
        tally.operations += done;
        operations += done;
      }
      if (elapsed() < due || samples.isFull) continue;
      await sample();
      due = elapsed() + distance;
    }
  });
  for (const { close } of scenarios) await close?.();
  listening.stop();
  return { samples, tallies, handles, problems };
}

/**
 * Runs one round of one scenario. A failure ends the process at once, because an orderly end would wait for the work
 * that the scenario left behind, perhaps for ever.
 *
 * @param {Scenario} scenario
 * @param {World} world
 * @param {number} round
 */
async function perform(scenario, world, round) {
  const giveUp = (/** @type {string} */ why) => {
    console.error(`soak: "${scenario.name}" ${why}, in round ${round}`);
    process.exit(1);
  };
  // Unreferenced, so that the timer does not count as a handle of the scenario.
  const watchdog = setTimeout(() => giveUp(`has not ended after ${longest} s`), longest * 1_000).unref();
  try {
    return await scenario.round(world);
  } catch (error) {
    return giveUp(`failed: ${describe(error)}`);
  } finally {
    clearTimeout(watchdog);
  }
}
