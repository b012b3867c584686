// @ts-check
// Callers that want the same thing at the same time share one run. The run is cancelled when no caller waits any more.
import { currentSignal, Event, moveOnAfter, sleep, taskGroup } from "@hother/cancelable";
import { singleFlight } from "@hother/cancelable/calls";

/** Stands for a slow store of settings. @type {Record<string, string>} */
const store = { settings: "dark" };

export async function main() {
  let reads = 0;
  const release = new Event();
  const [started, ended] = [new Event(), new Event()];
  const load = singleFlight(
    /** @param {string} name */
    async (name) => {
      reads++;
      const signal = currentSignal();
      try {
        if (name === "none") throw new Error("no such entry");
        if (name === "settings") await release.wait();
        else {
          started.set();
          await sleep({ hours: 1 });
        }
        return store[name];
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
  const others = Promise.all([1, 2, 3, 4].map(() => load("settings")));
  const early = moveOnAfter(10, () => load("settings"));
  console.log("left early:", await early);
  release.set();
  console.log("themes:", (await others).join(), "- reads:", reads);

  // 2. A failure is for the callers of this run. The next call tries again.
  const failed = await Promise.allSettled([load("none"), load("none")]);
  console.log(failed.map(({ status }) => status).join(), "- reads:", reads);

  // 3. When the last caller has left, the run is cancelled.
  ended.reset();
  await taskGroup(async (group) => {
    for (const _ of [1, 2]) group.startSoon(load, "large");
    await started.wait();
    group.cancel();
  });
  await ended.wait();
  console.log("reads:", reads);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// left early: undefined
// themes: dark,dark,dark,dark - reads: 1
// none: failed
// rejected,rejected - reads: 2
// large: cancelled
// reads: 3
