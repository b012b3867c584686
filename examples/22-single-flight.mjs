// @ts-check
// Callers that want the same thing at the same time share one run. The run is cancelled when no caller waits any more.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentSignal, Event, moveOnAfter, sleep } from "@hother/cancelable";
import { singleFlight } from "@hother/cancelable/calls";

const folder = await mkdtemp(join(tmpdir(), "single-flight-"));
await writeFile(join(folder, "settings.json"), JSON.stringify({ theme: "dark" }));

let reads = 0;
const ended = new Event();
const load = singleFlight(
  /** @param {string} name */
  async (name) => {
    reads++;
    const signal = currentSignal();
    try {
      const text = await readFile(join(folder, name), { encoding: "utf8", signal });
      await sleep(name === "settings.json" ? 100 : { hours: 1 }); // a slow disk
      return JSON.parse(text);
    } catch (error) {
      console.log(`${name}:`, signal?.aborted ? "cancelled" : "failed");
      throw error;
    } finally {
      ended.set();
    }
  },
  { key: (name) => name },
);

// 1. Five callers, one run. A caller that leaves early takes nothing from the others.
const early = moveOnAfter(20, () => load("settings.json"));
const results = await Promise.all([1, 2, 3, 4].map(() => load("settings.json")));
console.log("themes:", results.map(({ theme }) => theme).join(), "- left early:", await early);
console.log("reads:", reads);

// 2. A failure is for the callers of this run. The next call tries again.
const failed = await Promise.allSettled([load("none.json"), load("none.json")]);
console.log(failed.map(({ status }) => status).join(), "- reads:", reads);

// 3. When the last caller has left, the run is cancelled.
ended.reset();
await writeFile(join(folder, "large.json"), "{}");
await Promise.all([20, 40].map((ms) => moveOnAfter(ms, () => load("large.json"))));
await ended.wait();
console.log("reads:", reads);
await rm(folder, { recursive: true });

// prints:
// themes: dark,dark,dark,dark - left early: undefined
// reads: 1
// none.json: failed
// rejected,rejected - reads: 2
// large.json: cancelled
// reads: 3
