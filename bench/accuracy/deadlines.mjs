import { moveOnAfter, run, sleepForever } from "@hother/cancelable";

const spacing = 2;
const longest = 500;
const sliceEvery = 10;
const slice = 5;

/**
 * Sets deadlines of 1 to 500 ms in three ways at the same time. Returns how late each of them fired, in ns.
 *
 * @param {number} samples of each way
 * @param {boolean} loaded whether a timer keeps the thread busy
 */
export async function deadlines(samples, loaded) {
  /** @type {Record<string, number[]>} */
  const late = { moveOnAfter: [], setTimeout: [], "AbortSignal.timeout": [] };
  // The garbage collector may collect a timeout signal without references before it fires.
  const signals = new Set();
  /** @type {Promise<unknown>[]} */
  const ended = [];
  const note = (/** @type {string} */ way, /** @type {number} */ due) => {
    late[way]?.push((performance.now() - due) * 1e6);
  };
  /** @type {((ms: number) => Promise<unknown>)[]} */
  const ways = [
    (ms) => {
      const due = performance.now() + ms;
      return moveOnAfter(ms, async () => {
        try {
          await sleepForever();
        } catch (error) {
          note("moveOnAfter", due);
          throw error;
        }
      });
    },
    (ms) =>
      new Promise((resolve) => {
        const due = performance.now() + ms;
        setTimeout(() => {
          note("setTimeout", due);
          resolve(undefined);
        }, ms);
      }),
    (ms) =>
      new Promise((resolve) => {
        const due = performance.now() + ms;
        const signal = AbortSignal.timeout(ms);
        signals.add(signal);
        signal.addEventListener("abort", () => {
          note("AbortSignal.timeout", due);
          signals.delete(signal);
          resolve(undefined);
        });
      }),
  ];
  const load = loaded ? setInterval(spin, sliceEvery) : undefined;
  await run(async () => {
    for (let i = 0; i < samples; i += 1) {
      // 179 and 500 have no common divisor, so the durations are spread evenly and are not in order.
      const ms = 1 + ((i * 179) % longest);
      for (let j = 0; j < ways.length; j += 1) {
        ended.push(/** @type {(typeof ways)[number]} */ (ways[(i + j) % ways.length])(ms));
      }
      await new Promise((resolve) => setTimeout(resolve, spacing));
    }
    await Promise.all(ended);
  });
  clearInterval(load);
  return {
    moveOnAfter: { ours: true, samples: late.moveOnAfter ?? [] },
    setTimeout: {
      samples: late.setTimeout ?? [],
      note: "Only a callback, which may fire too early. No sleeping code is resumed.",
    },
    "AbortSignal.timeout": {
      samples: late["AbortSignal.timeout"] ?? [],
      note: "Only an event listener, which may fire too early. No sleeping code is resumed.",
    },
  };
}

function spin() {
  const until = performance.now() + slice;
  while (performance.now() < until);
}
