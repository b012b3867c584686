// @ts-check
// A limit on the time of a call, with four ways to handle its end.
import { Cancellable, failAfter, isCancellation, moveOnAfter, sleep, withTimeout } from "@hother/cancelable";

/** Stands for a call that takes `ms` milliseconds. @param {number} ms */
async function load(ms) {
  await sleep(ms);
  return "the data";
}
const hour = 3_600_000;

export async function main() {
  // 1. moveOnAfter resolves with the value, or with undefined after the limit.
  console.log("quick:", await moveOnAfter({ seconds: 10 }, () => load(1)));
  console.log("slow:", (await moveOnAfter(50, () => load(hour))) ?? "no answer in 50 ms");

  // 2. failAfter resolves with the value, or rejects after the limit.
  try {
    await failAfter(50, () => load(hour));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    console.log("failAfter:", error.name, "-", error.reason);
  }

  // 3. withTimeout does the same, with a name for the message.
  const error = await withTimeout(50, () => load(hour), { name: "load" }).catch((reason) => reason);
  console.log("withTimeout:", error.message);

  // 4. settle() resolves with an outcome. Of two limits, the earlier one ends the work.
  const outer = Cancellable.withTimeout(50, { name: "page" });
  const outcome = await outer.settle(async () => {
    await moveOnAfter(hour, () => load(2 * hour));
    console.log("this line is not reached");
  });
  console.log("settle:", outer.label, outcome.status, outer.context.cancelReason);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// quick: the data
// slow: no answer in 50 ms
// failAfter: TimeoutError - timeout
// withTimeout: scope "load" timed out after 50 ms
// settle: operation "page" cancelled timeout
