// @ts-check
// Streams that end while their source is silent, that keep what has come, and that close their sources.
import { Cancellable, cancellableStream, Event, isCancellation, merge, sleep } from "@hother/cancelable";

/** @param {string} name @param {number} count */
async function* sensor(name, count) {
  try {
    for (let n = 1; n <= count; n++) yield `${name}${n}`;
    await sleep({ hours: 1 });
  } finally {
    console.log(`${name} is closed`);
  }
}

export async function main() {
  // 1. A timeout for the next item. The items before it are kept as a partial result.
  const stream = cancellableStream(sensor("a", 3), { idleTimeout: 100, bufferPartial: true });
  try {
    for await (const _reading of stream);
  } catch (error) {
    if (!isCancellation(error, stream.operation)) throw error;
    console.log(error instanceof Error && error.message, "-", stream.partialResult.items?.join());
  }

  // 2. A stream of an operation ends with the operation. merge() reads two sources as one.
  const complete = new Event();
  const both = merge(sensor("b", 2), sensor("c", 2));
  /** @type {string[]} */
  const read = [];
  const watch = new Cancellable({ name: "two sensors" });
  const ending = watch.settle(async (op) => {
    for await (const reading of op.stream(both)) if (read.push(reading) === 4) complete.set();
  });
  await complete.wait();
  watch.cancel("manual", "nothing comes any more");
  console.log((await ending).status, "after", read.sort().join());
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// a is closed
// No item came for 100 ms - a1,a2,a3
// b is closed
// c is closed
// cancelled after b1,b2,c1,c2
